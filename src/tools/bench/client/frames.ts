/**
 * Frames of a WebSocket client. They must be masked; a mask of zeros is one, and leaves the bytes as they
 * are. [RFC 6455, 5.3]
 */

const FIN = 0x80;
const MASKED = 0x80;
const MASK_LENGTH = 4;

export const TEXT = 1;
export const CLOSE = 8;
export const PONG = 10;

/** Bytes of the header of a message of `length` bytes, mask included. */
export function headerLength(length: number): number {
  return (length < 126 ? 2 : length < 65_536 ? 4 : 10) + MASK_LENGTH;
}

/** Writes the header of a whole message, and returns where its payload starts. */
export function writeHeader(target: Buffer, offset: number, length: number, opcode = TEXT): number {
  target[offset] = FIN | opcode;
  let at = offset + 2;
  if (length < 126) target[offset + 1] = MASKED | length;
  else if (length < 65_536) {
    target[offset + 1] = MASKED | 126;
    at = target.writeUInt16BE(length, at);
  } else {
    target[offset + 1] = MASKED | 127;
    at = target.writeBigUInt64BE(BigInt(length), at);
  }
  return target.writeUInt32BE(0, at);
}

/** A message as one frame. */
export function frame(payload: string | Buffer, opcode = TEXT): Buffer {
  const bytes = Buffer.from(payload);
  const target = Buffer.allocUnsafe(headerLength(bytes.length) + bytes.length);
  target.set(bytes, writeHeader(target, 0, bytes.length, opcode));
  return target;
}

/** A close frame without a reason. */
export function closeFrame(code: number): Buffer {
  const payload = Buffer.allocUnsafe(2);
  payload.writeUInt16BE(code);
  return frame(payload, CLOSE);
}

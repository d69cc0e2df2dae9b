/** Frames as clients send them, for tests. */

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;
/** A mask that changes nothing. */
export const NO_MASK = Buffer.alloc(4);

export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly fin?: boolean;
  readonly mask?: Buffer;
}

/** A client's frame, masked byte by byte. */
export function frame({ opcode, payload, fin = true, mask = NO_MASK }: Frame): Buffer {
  const masked = payload.map((byte, i) => byte ^ (mask[i & 3] ?? 0));
  return Buffer.concat([header(opcode, payload.length, fin), mask, masked]);
}

/** The first bytes of a frame, up to its mask. */
export function header(opcode: number, length: number | bigint, fin = true): Buffer {
  const first = (fin ? 0x80 : 0) | opcode;
  if (length < 126) return Buffer.from([first, 0x80 | Number(length)]);
  const isLong = length > 65_535;
  const bytes = Buffer.alloc(isLong ? 10 : 4);
  bytes[0] = first;
  bytes[1] = 0x80 | (isLong ? 127 : 126);
  if (isLong) bytes.writeBigUInt64BE(BigInt(length), 2);
  else bytes.writeUInt16BE(Number(length), 2);
  return bytes;
}

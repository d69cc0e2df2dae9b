/**
 * WebSocket frames that are ready to be written to a socket. A server's frames carry no mask, so one
 * Buffer serves every connection. [RFC 6455, 5.2]
 */

const FIN_TEXT = 0x81;
const FIN_BINARY = 0x82;
/** [RFC 6455, 5.5] */
const CONTROL = { close: 0x88, ping: 0x89, pong: 0x8a };
/** Says of a message that it is compressed. [RFC 7692, 6] */
const RSV1 = 0x40;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** Bytes that a frame needs in front of its payload at most: header and mask. */
export const FRAME_ROOM = 14;

/** Bytes of the header in front of a payload of `length` bytes. */
export function headerLength(length: number): number {
  if (length < LENGTH_16) return 2;
  return length < 65_536 ? 4 : 10;
}

/** A ping, pong or close frame. @param payload at most 125 bytes */
export function controlFrame(kind: keyof typeof CONTROL, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(2 + payload.length);
  frame[0] = CONTROL[kind];
  frame[1] = payload.length;
  frame.set(payload, 2);
  return frame;
}

/** Writes the header of a whole text message, and returns where its payload starts. */
export function writeHeader(target: Buffer, offset: number, length: number): number {
  target[offset] = FIN_TEXT;
  if (length < LENGTH_16) {
    target[offset + 1] = length;
    return offset + 2;
  }
  if (length < 65_536) {
    target[offset + 1] = LENGTH_16;
    return target.writeUInt16BE(length, offset + 2);
  }
  target[offset + 1] = LENGTH_64;
  target.writeUInt32BE(Math.floor(length / 2 ** 32), offset + 2);
  return target.writeUInt32BE(length >>> 0, offset + 6);
}

/** As `writeHeader`, of a whole binary message. */
export function writeBinaryHeader(target: Buffer, offset: number, length: number): number {
  const end = writeHeader(target, offset, length);
  target[offset] = FIN_BINARY;
  return end;
}

/** A text message as one frame. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headerLength(length) + length);
  frame.write(text, writeHeader(frame, 0, length));
  return frame;
}

/** A binary message as one frame. */
export function binaryFrame(bytes: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerLength(bytes.length) + bytes.length);
  frame.set(bytes, writeBinaryHeader(frame, 0, bytes.length));
  return frame;
}

/** What `ws` takes as a message. */
export type MessageData = string | number | Buffer | ArrayBufferLike | ArrayBufferView | null | undefined;

/**
 * A message of any kind that `ws` takes, as one frame: what is no text or number is sent as its bytes, nothing as an
 * empty message.
 *
 * @param binary whether it goes as a binary message; by default what is no text or number does
 * @throws {TypeError} for what has no bytes, such as an object
 */
export function messageFrame(data: MessageData, binary?: boolean): Buffer {
  const isText = typeof data === "string" || typeof data === "number";
  if (isText && !binary) return textFrame(String(data));
  const bytes = messageBytes(data);
  return (binary ?? true) ? binaryFrame(bytes) : textFrame(bytes.toString());
}

/** The bytes of a message as they stand in memory, not copied. @throws {TypeError} for what has none */
export function messageBytes(data: MessageData): Buffer {
  if (typeof data === "number") return Buffer.from(String(data));
  if (!data) return Buffer.alloc(0);
  if (Buffer.isBuffer(data)) return data;
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.from(data as string);
}

/** A compressed message as one frame. @param text whether it is text once it is inflated */
export function deflatedFrame(bytes: Uint8Array, text: boolean): Buffer {
  const frame = binaryFrame(bytes);
  frame[0] = RSV1 | (text ? FIN_TEXT : FIN_BINARY);
  return frame;
}

/** The messages in a Buffer of whole frames as they are made here. */
export function* payloads(frames: Buffer): Iterable<{ readonly bytes: Buffer; readonly text: boolean }> {
  for (let at = 0; at < frames.length; ) {
    const text = frames[at] === FIN_TEXT;
    let length = frames[at + 1] ?? 0;
    if (length === LENGTH_16) length = frames.readUInt16BE(at + 2);
    else if (length === LENGTH_64) length = Number(frames.readBigUInt64BE(at + 2));
    const start = at + headerLength(length);
    at = start + length;
    yield { bytes: frames.subarray(start, at), text };
  }
}

/** What stands in a `#publish` packet before the data, kept once per channel. */
export class PublishFrames {
  readonly #withData: Buffer;
  readonly #withoutData: Buffer;

  constructor(channel: string) {
    const start = `{"event":"#publish","data":{"channel":${JSON.stringify(channel)}`;
    this.#withData = Buffer.from(`${start},"data":`);
    this.#withoutData = textFrame(`${start}}}`);
  }

  /** Bytes of the frame for data of this length; 0 means that there are no data. */
  frameLength(dataLength: number): number {
    if (dataLength === 0) return this.#withoutData.length;
    const length = this.#withData.length + dataLength + 2;
    return headerLength(length) + length;
  }

  /** Writes the frame and returns where it ends. `data` is JSON text, and is copied as it stands. */
  write(target: Buffer, offset: number, data: Buffer): number {
    if (data.length === 0) return offset + this.#withoutData.copy(target, offset);
    const length = this.#withData.length + data.length + 2;
    let at = writeHeader(target, offset, length);
    at += this.#withData.copy(target, at);
    at += data.copy(target, at);
    target[at] = CLOSING_BRACE;
    target[at + 1] = CLOSING_BRACE;
    return at + 2;
  }
}

const CLOSING_BRACE = 0x7d;

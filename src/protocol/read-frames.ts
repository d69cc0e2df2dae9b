import { constants, isUtf8 } from "node:buffer";
import { isCloseCode } from "./close-codes.ts";

/** What has come of something, in memory of its own; it is filled up to `length`. */
interface Gathered {
  bytes: Buffer;
  length: number;
}

/** A frame of which a part has come. */
interface Unfinished extends Gathered {
  /** Where it ends, or its header as far as that is known. */
  needed: number;
}

/** A message that its sender cut into several frames. */
interface Fragments extends Gathered {
  readonly text: boolean;
}

/** Why a peer's bytes are no WebSocket messages, and the code to close with. [RFC 6455, 7.4.1] */
export interface FrameFault {
  readonly closeCode: 1002 | 1007 | 1009;
  /** As `ws` names it. */
  readonly code: string;
  readonly message: string;
}

/** Who reads frames. What is unfinished is kept here, and not at all where frames come whole, as nearly all do. */
export interface FrameReader {
  unfinished: Unfinished | undefined;
  fragments: Fragments | undefined;
  /** Whether anybody wants what comes. Asked after each frame, since its message may have ended the reading. */
  readonly isReading: boolean;
  /** Largest message, bytes; 0: any. */
  readonly maxPayload: number;
  /** Whether the other side is a client, whose frames carry a mask; a server's do not. [RFC 6455, 5.1] */
  readonly expectsMask: boolean;
  /** A whole message. Its bytes are the reader's; text is proved to be UTF-8. */
  message(payload: Buffer, text: boolean): void;
  pinged(payload: Buffer): void;
  ponged(payload: Buffer): void;
  /** The peer says goodbye. @param code 1005 if it gave none */
  goodbye(code: number, reason: Buffer): void;
  /** Nothing more can be read. */
  fault(fault: FrameFault): void;
}

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

const MASK_BYTES = 4;
const MAX_CONTROL = 125;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
/** From this length on, unmasking by words is faster than by bytes. */
const WORDS_FROM = 128;

/** Room for the start of a frame or message, bytes: little, since the rest may never come. */
const FIRST_ROOM = 1_024;
const MOST_BYTES = constants.MAX_LENGTH;
const NOTHING = Buffer.alloc(0);
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

const FAULTS = {
  rsv1: protocolFault("UNEXPECTED_RSV_1", "a client set RSV1, though compression was not agreed on"),
  rsv23: protocolFault("UNEXPECTED_RSV_2_3", "a client set RSV2 or RSV3, which mean nothing"),
  opcode: protocolFault("INVALID_OPCODE", "a frame has an opcode that is unknown, or out of turn"),
  unmasked: protocolFault("EXPECTED_MASK", "a client sent a frame without a mask"),
  masked: protocolFault("UNEXPECTED_MASK", "a server sent a frame with a mask"),
  cutControl: protocolFault("EXPECTED_FIN", "a control frame is cut into pieces"),
  longControl: protocolFault("INVALID_CONTROL_PAYLOAD_LENGTH", "a control frame is longer than 125 bytes"),
  closeCode: protocolFault("INVALID_CLOSE_CODE", "a close frame has a code that must not be sent"),
  utf8: { closeCode: 1007, code: "WS_ERR_INVALID_UTF8", message: "a client sent text that is not UTF-8" },
  tooLong: {
    closeCode: 1009,
    code: "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH",
    message: "a client sent a message that is larger than maxPayload",
  },
} as const satisfies Record<string, FrameFault>;

function protocolFault(name: string, message: string): FrameFault {
  return { closeCode: 1002, code: `WS_ERR_${name}`, message };
}

/**
 * Reads the frames of the other side. Frames that a chunk holds whole are unmasked where they stand
 * and handed on without a copy: the chunk is the reader's from now on. [RFC 6455, 5]
 *
 * Extensions are not known: a frame with one of the reserved bits is a fault.
 */
export function readFrames(reader: FrameReader, chunk: Buffer): void {
  let at = reader.unfinished === undefined ? 0 : finish(reader, reader.unfinished, chunk);
  while (at < chunk.length && reader.isReading) {
    const end = readFrame(reader, chunk, at);
    if (end > chunk.length) {
      keep(reader, chunk.subarray(at), end - at);
      return;
    }
    at = end;
  }
}

function keep(reader: FrameReader, start: Buffer, needed: number): void {
  const unfinished = { bytes: NOTHING, length: 0, needed };
  append(unfinished, start, needed);
  reader.unfinished = unfinished;
}

/**
 * Adds to an unfinished frame what belongs to it, and takes it once it is whole.
 *
 * @returns where the next frame starts in the chunk
 */
function finish(reader: FrameReader, unfinished: Unfinished, chunk: Buffer): number {
  let at = 0;
  while (at < chunk.length) {
    const part = chunk.subarray(at, at + unfinished.needed - unfinished.length);
    append(unfinished, part, unfinished.needed);
    at += part.length;
    if (unfinished.length < unfinished.needed) break;
    reader.unfinished = undefined;
    const end = readFrame(reader, unfinished.bytes.subarray(0, unfinished.length), 0);
    if (end <= unfinished.length) break;
    unfinished.needed = end; // the header is whole now, and tells how long the frame is
    reader.unfinished = unfinished;
  }
  return at;
}

/**
 * Adds a copy, so that a byte of a chunk does not hold all of it in memory, and not in a pool for the same reason.
 *
 * @param most what it can become, bytes
 */
function append(gathered: Gathered, part: Buffer, most: number): void {
  const length = gathered.length + part.length;
  if (length > gathered.bytes.length) {
    // Room for what came, not for what was announced: it may never come.
    const roomy = Math.max(FIRST_ROOM, 2 * gathered.bytes.length);
    const room = Buffer.allocUnsafeSlow(Math.max(length, Math.min(most, roomy)));
    gathered.bytes.copy(room, 0, 0, gathered.length);
    gathered.bytes = room;
  }
  part.copy(gathered.bytes, gathered.length);
  gathered.length = length;
}

/**
 * Takes the frame at `at` if it is there as a whole.
 *
 * @returns where it ends, or its header as far as that is known: beyond the bytes if not all of it has come.
 *   After a fault, `at`: nobody reads on then
 */
function readFrame(reader: FrameReader, bytes: Buffer, at: number): number {
  if (bytes.length - at < 2) return at + 2;
  const first = bytes[at] as number;
  const second = bytes[at + 1] as number;
  const fault = faultOf(reader, first, second);
  if (fault !== undefined) {
    fail(reader, fault);
    return at;
  }
  let length = second & 0x7f;
  let start = at + 2;
  if (length === LENGTH_16) {
    if (bytes.length - start < 2) return start + 2;
    length = bytes.readUInt16BE(start);
    start += 2;
  } else if (length === LENGTH_64) {
    if (bytes.length - start < 8) return start + 8;
    length = bytes.readUInt32BE(start) * 2 ** 32 + bytes.readUInt32BE(start + 4);
    start += 8;
  }
  const opcode = first & 0x0f;
  const before = opcode === CONTINUATION ? (reader.fragments?.length ?? 0) : 0;
  // Control frames are short, and may come while a message is gathered: they are no part of it.
  if (length + before > limitOf(reader) && opcode < CLOSE) {
    fail(reader, FAULTS.tooLong);
    return at;
  }

  if (reader.expectsMask) start += MASK_BYTES;
  const end = start + length;
  if (end > bytes.length) return end;
  if (reader.expectsMask) unmask(bytes, start, end);
  take(reader, opcode, first >= 0x80, bytes.subarray(start, end));
  return end;
}

/** Also without a limit no more than a Buffer can hold: nothing is gathered for what can never be whole. */
function limitOf({ maxPayload }: FrameReader): number {
  return maxPayload > 0 ? Math.min(maxPayload, MOST_BYTES) : MOST_BYTES;
}

function fail(reader: FrameReader, fault: FrameFault): void {
  reader.fragments = undefined;
  reader.fault(fault);
}

function faultOf(reader: FrameReader, first: number, second: number): FrameFault | undefined {
  if ((first & 0x70) !== 0) return (first & 0x40) !== 0 ? FAULTS.rsv1 : FAULTS.rsv23;
  if (second >= 0x80 !== reader.expectsMask) return reader.expectsMask ? FAULTS.unmasked : FAULTS.masked;
  const opcode = first & 0x0f;
  switch (opcode) {
    case TEXT:
    case BINARY:
      return reader.fragments === undefined ? undefined : FAULTS.opcode;
    case CONTINUATION:
      return reader.fragments === undefined ? FAULTS.opcode : undefined;
    case CLOSE:
    case PING:
    case PONG:
      if (first < 0x80) return FAULTS.cutControl;
      return (second & 0x7f) > MAX_CONTROL ? FAULTS.longControl : undefined;
    default:
      return FAULTS.opcode;
  }
}

/** A frame is there as a whole. */
function take(reader: FrameReader, opcode: number, isLast: boolean, payload: Buffer): void {
  if (opcode >= CLOSE) {
    if (opcode === PING) reader.pinged(payload);
    else if (opcode === PONG) reader.ponged(payload);
    else sayGoodbye(reader, payload);
    return;
  }
  if (isLast && reader.fragments === undefined) {
    deliver(reader, payload, opcode === TEXT);
    return;
  }
  reader.fragments ??= { bytes: NOTHING, length: 0, text: opcode === TEXT };
  const { fragments } = reader;
  append(fragments, payload, limitOf(reader));
  if (!isLast) return;
  reader.fragments = undefined;
  deliver(reader, fragments.bytes.subarray(0, fragments.length), fragments.text);
}

function deliver(reader: FrameReader, payload: Buffer, text: boolean): void {
  if (text && !isUtf8(payload)) fail(reader, FAULTS.utf8);
  else reader.message(payload, text);
}

function sayGoodbye(reader: FrameReader, payload: Buffer): void {
  reader.fragments = undefined;
  if (payload.length === 0) {
    reader.goodbye(1005, NOTHING);
    return;
  }
  const code = payload.length > 1 ? payload.readUInt16BE(0) : 0;
  const reason = payload.subarray(2);
  if (!isCloseCode(code)) fail(reader, FAULTS.closeCode);
  else if (!isUtf8(reason)) fail(reader, FAULTS.utf8);
  else reader.goodbye(code, reason);
}

/** Takes the mask off, in place. It stands in front of the payload. [RFC 6455, 5.3] */
function unmask(bytes: Buffer, start: number, end: number): void {
  const mask = bytes.readInt32LE(start - MASK_BYTES);
  if (mask === 0) return;
  const from = end - start < WORDS_FROM || !IS_LITTLE_ENDIAN ? start : unmaskWords(bytes, start, end, mask);
  for (let i = from; i < end; i += 1) bytes[i] = (bytes[i] as number) ^ (mask >>> (((i - start) & 3) << 3));
}

/** Unmasks as much as fits whole words. @returns where the rest starts */
function unmaskWords(bytes: Buffer, start: number, end: number, mask: number): number {
  let at = start;
  for (; ((bytes.byteOffset + at) & 3) !== 0; at += 1) {
    bytes[at] = (bytes[at] as number) ^ (mask >>> (((at - start) & 3) << 3));
  }
  const count = (end - at) >> 2;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, count);
  // The mask as the first whole word meets it.
  const turn = ((at - start) & 3) << 3;
  const word = turn === 0 ? mask : (mask >>> turn) | (mask << (32 - turn));
  for (let i = 0; i < count; i += 1) words[i] = (words[i] as number) ^ word;
  return at + 4 * count;
}

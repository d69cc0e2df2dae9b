import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type FrameFault, type FrameReader, readFrames } from "./read-frames.ts";
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  type Frame,
  frame,
  header,
  NO_MASK,
  PING,
  PONG,
  TEXT,
} from "./test-frames.ts";

/** What was read, in order; payloads as text that compares quickly. */
type Heard = readonly [what: string, content: string | number, reason?: string];

class Reader implements FrameReader {
  unfinished: FrameReader["unfinished"];
  fragments: FrameReader["fragments"];
  isReading = true;
  readonly maxPayload: number;
  readonly expectsMask = true;
  readonly heard: Heard[] = [];
  readonly faults: FrameFault[] = [];

  constructor(maxPayload = 0) {
    this.maxPayload = maxPayload;
  }

  message(payload: Buffer, text: boolean): void {
    this.heard.push([text ? "text" : "binary", payload.toString("latin1")]);
  }

  pinged(payload: Buffer): void {
    this.heard.push(["ping", payload.toString("latin1")]);
  }

  ponged(payload: Buffer): void {
    this.heard.push(["pong", payload.toString("latin1")]);
  }

  goodbye(code: number, reason: Buffer): void {
    this.isReading = false;
    this.heard.push(["goodbye", code, reason.toString()]);
  }

  fault(fault: FrameFault): void {
    this.isReading = false;
    this.faults.push(fault);
  }

  /** Reads each of these as a chunk of its own, until nobody wants more, as a socket does. */
  read(...chunks: readonly Buffer[]): this {
    for (const chunk of chunks) if (this.isReading) readFrames(this, Buffer.from(chunk));
    return this;
  }
}

const text = (content: string): Buffer => frame({ opcode: TEXT, payload: Buffer.from(content) });

/** Bytes of which no two stretches are alike. */
function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i += 1) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
  return bytes;
}

/** Cuts at these places, which may be beyond the end. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...ends].map((start, i) => bytes.subarray(start, ends[i] ?? bytes.length));
}

const anyMask = fc.oneof(
  fc.constant(NO_MASK),
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map(Buffer.from),
);
const anyLength = fc.oneof(
  fc.constantFrom(0, 1, 125, 126, 127, 128, 65_535, 65_536),
  fc.nat(300),
  fc.nat(200 * 1024),
);
const anyText = fc
  .tuple(fc.string({ unit: "grapheme", maxLength: 20 }), fc.constantFrom(1, 1, 7, 5_000))
  .map(([part, times]) => Buffer.from(part.repeat(times)));
const anyPing = fc.record({
  opcode: fc.constantFrom(PING, PONG),
  payload: fc.uint8Array({ maxLength: 125 }).map(Buffer.from),
  mask: anyMask,
});
const anyMessage = fc.record({
  body: fc.oneof(
    fc.record({ opcode: fc.constant(TEXT), payload: anyText }),
    fc.record({ opcode: fc.constant(BINARY), payload: anyLength.map(pattern) }),
  ),
  cuts: fc.array(fc.nat(), { maxLength: 4 }),
  controls: fc.array(anyPing, { maxLength: 3 }),
  masks: fc.array(anyMask, { minLength: 5, maxLength: 5 }),
});
type Message = typeof anyMessage extends fc.Arbitrary<infer T> ? T : never;

/** The frames of a message in fragments, with control frames behind the first ones. */
function framesOf({ body, cuts, controls, masks }: Message): Frame[] {
  const parts = cut(body.payload, cuts);
  return parts.flatMap((payload, i): Frame[] => {
    const opcode = i === 0 ? body.opcode : CONTINUATION;
    const own = { opcode, payload, fin: i === parts.length - 1, mask: masks[i] ?? NO_MASK };
    const control = controls[i];
    return control === undefined ? [own] : [own, control];
  });
}

/** What must be heard of it: a message when its last fragment has come, control frames where they stand. */
function heardOf(message: Message): Heard[] {
  const { opcode, payload } = message.body;
  return framesOf(message).flatMap((sent): Heard[] => {
    if (sent.opcode === PING) return [["ping", sent.payload.toString("latin1")]];
    if (sent.opcode === PONG) return [["pong", sent.payload.toString("latin1")]];
    return sent.fin ? [[opcode === TEXT ? "text" : "binary", payload.toString("latin1")]] : [];
  });
}

describe("readFrames", () => {
  afterEach(() => vi.restoreAllMocks());

  it("gives the messages that were sent, whatever they are made of and wherever the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(anyMessage, { maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (messages, cuts) => {
          const stream = Buffer.concat(messages.flatMap(framesOf).map(frame));
          const reader = new Reader().read(...cut(stream, cuts));

          expect(reader.faults).toEqual([]);
          expect(reader.heard).toEqual(messages.flatMap(heardOf));
          expect([reader.unfinished, reader.fragments]).toEqual([undefined, undefined]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("gives them also when they come byte by byte", () => {
    const messages = [0, 1, 125, 126, 127, 300, 65_535, 65_536].map(pattern);
    const stream = Buffer.concat(messages.map((payload) => frame({ opcode: BINARY, payload })));
    const reader = new Reader();
    for (let i = 0; i < stream.length; i += 1) reader.read(stream.subarray(i, i + 1));

    expect(reader.heard).toEqual(messages.map((payload) => ["binary", payload.toString("latin1")]));
  });

  it("takes masks off alike at every alignment and length", () => {
    for (let offset = 0; offset < 8; offset += 1) {
      for (const mask of [Buffer.from([1, 2, 4, 0x88]), Buffer.from([0, 0, 0, 0xff])]) {
        for (let length = 110; length < 150; length += 1) {
          const bytes = frame({ opcode: BINARY, payload: pattern(length), mask });
          const chunk = Buffer.from(new ArrayBuffer(bytes.length + offset), offset);
          bytes.copy(chunk);
          const reader = new Reader();
          readFrames(reader, chunk);
          expect(reader.heard).toEqual([["binary", pattern(length).toString("latin1")]]);
        }
      }
    }
  });

  it("joins characters that were cut between fragments", () => {
    const payload = Buffer.from("ü€💥");
    const parts = [...payload].map((_, i) => payload.subarray(i, i + 1));
    const frames = parts.map((part, i) =>
      frame({ opcode: i === 0 ? TEXT : CONTINUATION, payload: part, fin: i === parts.length - 1 }),
    );

    expect(new Reader().read(...frames).heard).toEqual([["text", payload.toString("latin1")]]);
  });

  it("hands on the bytes where they stand when a frame comes whole, and keeps nothing", () => {
    const chunk = frame({ opcode: BINARY, payload: pattern(200), mask: Buffer.from([1, 2, 3, 4]) });
    let payload: Buffer | undefined;
    const reader = new Reader();
    reader.message = (bytes) => {
      payload = bytes;
    };
    readFrames(reader, chunk);

    expect(payload?.buffer).toBe(chunk.buffer);
    expect([reader.unfinished, reader.fragments]).toEqual([undefined, undefined]);
  });
});

describe("A goodbye", () => {
  it.each([
    { payload: [], heard: ["goodbye", 1005, ""] },
    { payload: [0x03, 0xe8], heard: ["goodbye", 1000, ""] },
    { payload: [0x0f, 0xa0, ...Buffer.from("tschüß")], heard: ["goodbye", 4000, "tschüß"] },
  ])("is heard with its code and reason: $heard", ({ payload, heard }) => {
    const reader = new Reader().read(frame({ opcode: CLOSE, payload: Buffer.from(payload) }));

    expect(reader.heard).toEqual([heard]);
  });

  it("is the last that is read, also of its own chunk, and drops what was begun", () => {
    const begun = frame({ opcode: TEXT, payload: Buffer.from("a"), fin: false });
    const bye = frame({ opcode: CLOSE, payload: Buffer.alloc(0) });
    const reader = new Reader().read(Buffer.concat([begun, bye, text("late")]), text("later"));

    expect(reader.heard).toEqual([["goodbye", 1005, ""]]);
    expect(reader.fragments).toBeUndefined();
  });
});

const empty = Buffer.alloc(0);
const FAULTS: readonly { what: string; bytes: Buffer; closeCode: number; code: string }[] = [
  { what: "RSV1", bytes: header(0x40 | TEXT, 0), closeCode: 1002, code: "WS_ERR_UNEXPECTED_RSV_1" },
  { what: "RSV2", bytes: header(0x20 | TEXT, 0), closeCode: 1002, code: "WS_ERR_UNEXPECTED_RSV_2_3" },
  { what: "RSV3", bytes: header(0x10 | PING, 0), closeCode: 1002, code: "WS_ERR_UNEXPECTED_RSV_2_3" },
  { what: "no mask", bytes: Buffer.from([0x81, 0]), closeCode: 1002, code: "WS_ERR_EXPECTED_MASK" },
  { what: "opcode 3", bytes: header(3, 0), closeCode: 1002, code: "WS_ERR_INVALID_OPCODE" },
  { what: "opcode 7", bytes: header(7, 0), closeCode: 1002, code: "WS_ERR_INVALID_OPCODE" },
  { what: "opcode 11", bytes: header(11, 0), closeCode: 1002, code: "WS_ERR_INVALID_OPCODE" },
  { what: "opcode 15", bytes: header(15, 0), closeCode: 1002, code: "WS_ERR_INVALID_OPCODE" },
  {
    what: "a continuation of nothing",
    bytes: header(CONTINUATION, 0),
    closeCode: 1002,
    code: "WS_ERR_INVALID_OPCODE",
  },
  {
    what: "a message within another",
    bytes: Buffer.concat([frame({ opcode: TEXT, payload: empty, fin: false }), header(BINARY, 0)]),
    closeCode: 1002,
    code: "WS_ERR_INVALID_OPCODE",
  },
  { what: "a ping in pieces", bytes: header(PING, 0, false), closeCode: 1002, code: "WS_ERR_EXPECTED_FIN" },
  {
    what: "a ping of 126 bytes",
    bytes: header(PING, 126),
    closeCode: 1002,
    code: "WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH",
  },
  ...[[0x03], [0x03, 0xe7], [0x03, 0xed], [0x03, 0xee], [0x0b, 0xb7], [0x13, 0x88]].map((payload) => ({
    what: `a goodbye with the bytes ${payload}`,
    bytes: frame({ opcode: CLOSE, payload: Buffer.from(payload) }),
    closeCode: 1002,
    code: "WS_ERR_INVALID_CLOSE_CODE",
  })),
  {
    what: "a goodbye with a reason that is not UTF-8",
    bytes: frame({ opcode: CLOSE, payload: Buffer.from([0x03, 0xe8, 0xff]) }),
    closeCode: 1007,
    code: "WS_ERR_INVALID_UTF8",
  },
  {
    what: "text that is not UTF-8",
    bytes: frame({ opcode: TEXT, payload: Buffer.from([0x61, 0xc0, 0x80]) }),
    closeCode: 1007,
    code: "WS_ERR_INVALID_UTF8",
  },
  {
    what: "text that ends within a character",
    bytes: Buffer.concat([
      frame({ opcode: TEXT, payload: Buffer.from([0xe2]), fin: false }),
      frame({ opcode: CONTINUATION, payload: Buffer.from([0x82]) }),
    ]),
    closeCode: 1007,
    code: "WS_ERR_INVALID_UTF8",
  },
];

describe("A fault", () => {
  it.each(FAULTS)("is found, and nothing after it is read: $what", ({ bytes, closeCode, code }) => {
    const stream = Buffer.concat([text("before"), bytes, text("after")]);
    for (let at = 0; at <= stream.length; at += 1) {
      const reader = new Reader().read(stream.subarray(0, at), stream.subarray(at), text("later"));
      expect(reader.heard).toEqual([["text", "before"]]);
      expect(reader.faults).toMatchObject([{ closeCode, code }]);
      expect([reader.unfinished, reader.fragments]).toEqual([undefined, undefined]);
    }
  });

  it("is found in any bytes, or none, but nothing is thrown", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }).map(Buffer.from)), (chunks) => {
        const reader = new Reader(1_000).read(...chunks);
        expect(reader.faults.length).toBeLessThan(2);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("maxPayload", () => {
  const tooLong = { closeCode: 1009, code: "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" };

  it.each([1, 125, 126, 65_535, 65_536])("of %i bytes is taken, and one more is not", (size) => {
    const [just, more] = [size, size + 1].map((length) =>
      frame({ opcode: BINARY, payload: pattern(length) }),
    );

    expect(new Reader(size).read(just as Buffer).heard).toHaveLength(1);
    const reader = new Reader(size).read(more as Buffer);
    expect([reader.heard, reader.faults]).toMatchObject([[], [tooLong]]);
  });

  it("holds for the sum of fragments, and for each message anew", () => {
    const begun = frame({ opcode: BINARY, payload: pattern(60), fin: false });
    const [just, more] = [40, 41].map((length) => frame({ opcode: CONTINUATION, payload: pattern(length) }));
    const reader = new Reader(100).read(begun, just as Buffer, begun, just as Buffer);
    expect(reader.heard).toHaveLength(2);

    reader.read(begun, more as Buffer);
    expect(reader.faults).toMatchObject([tooLong]);
    expect(reader.fragments).toBeUndefined();
  });

  it("does not hold for control frames, which are no part of a message", () => {
    const begun = frame({ opcode: BINARY, payload: pattern(10), fin: false });
    const ping = frame({ opcode: PING, payload: pattern(125) });

    expect(new Reader(10).read(begun, ping).heard).toMatchObject([["ping", {}]]);
  });

  it("is looked at before anything of the payload has come", () => {
    for (const length of [101, 70_000, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(new Reader(100).read(header(BINARY, length)).faults).toMatchObject([tooLong]);
    }
  });

  it("has an end also where there is none: what no Buffer can hold", () => {
    for (const length of [2n ** 53n + 2n, 2n ** 63n, 2n ** 64n - 1n]) {
      expect(new Reader(0).read(header(BINARY, length)).faults).toMatchObject([tooLong]);
    }
  });
});

describe("Memory", () => {
  afterEach(() => vi.restoreAllMocks());

  /** Bytes that these keep others from using. */
  const heldBy = (reader: Reader): number[] =>
    [reader.unfinished, reader.fragments].map((gathered) => gathered?.bytes.buffer.byteLength ?? 0);

  it("is not taken for what is announced, only for what came", () => {
    const reader = new Reader(100_000_000).read(header(BINARY, 100_000_000), pattern(14));
    expect(Math.max(...heldBy(reader))).toBeLessThanOrEqual(1_024);

    reader.read(pattern(50_000));
    expect(Math.max(...heldBy(reader))).toBeLessThanOrEqual(2 * 50_100);

    const nearlyWhole = frame({ opcode: BINARY, payload: pattern(5_000) }).subarray(0, -1);
    const start = new Reader().read(nearlyWhole.subarray(0, 3_000), nearlyWhole.subarray(3_000));
    expect(Math.max(...heldBy(start))).toBe(nearlyWhole.length + 1);
  });

  it("of a chunk is not held by the start of a frame, nor by a fragment", () => {
    const whole = frame({ opcode: BINARY, payload: pattern(60_000) });
    const fragment = frame({ opcode: BINARY, payload: pattern(1), fin: false });
    const start = frame({ opcode: CONTINUATION, payload: pattern(10) }).subarray(0, 7);
    const reader = new Reader().read(Buffer.concat([whole, fragment, start]));

    for (const held of heldBy(reader)) expect(held).toBeGreaterThan(0);
    for (const held of heldBy(reader)) expect(held).toBeLessThanOrEqual(1_024);
  });

  it("is taken for the bytes of fragments, however many they are", () => {
    const tiny = frame({ opcode: CONTINUATION, payload: pattern(1), fin: false });
    const reader = new Reader(10_000).read(frame({ opcode: BINARY, payload: empty, fin: false }));
    reader.read(Buffer.concat(new Array<Buffer>(9_999).fill(tiny)));

    expect(Math.max(...heldBy(reader))).toBeLessThanOrEqual(2 * 9_999);
    reader.read(frame({ opcode: CONTINUATION, payload: pattern(1) }));
    expect(reader.heard[0]?.[1]).toHaveLength(10_000);
  });

  it("is copied a bounded number of times, however many chunks a frame comes in", () => {
    const size = 200_000;
    const stream = frame({ opcode: BINARY, payload: pattern(size) });
    const chunks = cut(
      stream,
      Array.from({ length: size / 7 }, (_, i) => i * 7),
    );
    const reader = new Reader();
    const copy = vi.spyOn(Buffer.prototype, "copy");
    for (const chunk of chunks) readFrames(reader, chunk);
    const copied = copy.mock.results.reduce((sum, { value }) => sum + (value as number), 0);

    expect(reader.heard).toHaveLength(1);
    expect(copied).toBeGreaterThanOrEqual(size);
    expect(copied).toBeLessThan(3 * stream.length);
  });
});

import { constants, deflateRawSync } from "node:zlib";
import { type FrameCase, MAX_PAYLOAD } from "./frame-cases.ts";
import { BINARY, CONTINUATION, frame, noted, PING, TEXT } from "./raw-client.ts";

const RSV1 = 4;

interface Deflating {
  readonly level?: number;
  readonly windowBits?: number;
}

/** One message, compressed by itself. [RFC 7692, 7.2.1] */
function deflated(content: string | Buffer, { level = 6, windowBits = 15 }: Deflating = {}): Buffer {
  const bytes = deflateRawSync(content, { level, windowBits, finishFlush: constants.Z_SYNC_FLUSH });
  return bytes.subarray(0, bytes.length - 4);
}

/** A compressed message in so many pieces: only the first says that it is compressed. */
function inPieces(opcode: number, bytes: Buffer, size: number, between: Buffer = Buffer.alloc(0)): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const [fin, rsv] = [at + size >= bytes.length, at === 0 ? RSV1 : 0];
    parts.push(frame(at === 0 ? opcode : CONTINUATION, bytes.subarray(at, at + size), { fin, rsv }));
    if (!fin) parts.push(between);
  }
  return Buffer.concat(parts);
}

const whole = (opcode: number, bytes: Buffer): Buffer => frame(opcode, bytes, { rsv: RSV1 });

/** Text that compresses well, and does not repeat within a small window. */
function proseOf(length: number): string {
  let text = "";
  for (let n = 0; text.length < length; n += 1) text += `${n} of ${length}; `;
  return text.slice(0, length);
}

const LENGTHS = [1, 16, 64, 255, 256, 1_023, 1_024, 4_096, 65_535, 65_536];

const sizes: FrameCase[] = [...LENGTHS, MAX_PAYLOAD / 4, MAX_PAYLOAD].flatMap((length) => {
  const text = proseOf(length);
  const isLarge = length > 100_000;
  return [
    { name: `text of ${length}`, says: whole(TEXT, deflated(text)), hears: [noted("text", text)], isLarge },
    {
      name: `bytes of ${length}`,
      says: whole(BINARY, deflated(text)),
      hears: [noted("binary", text)],
      isLarge,
    },
    {
      name: `text of ${length}, in pieces`,
      says: inPieces(TEXT, deflated(text), 100),
      hears: [noted("text", text)],
      isLarge,
    },
  ];
});

const ways: FrameCase[] = [
  ...[0, 1, 9].map((level) => ({
    name: `level ${level}`,
    says: whole(TEXT, deflated(proseOf(5_000), { level })),
    hears: [noted("text", proseOf(5_000))],
  })),
  ...[9, 10, 12, 14].map((windowBits) => ({
    name: `a window of ${windowBits}`,
    says: whole(TEXT, deflated(proseOf(50_000), { windowBits })),
    hears: [noted("text", proseOf(50_000))],
  })),
  {
    name: "nothing",
    says: whole(TEXT, Buffer.from([0])),
    hears: ["text"],
  },
  {
    name: "the standard's example",
    says: whole(TEXT, Buffer.from([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00])),
    hears: ["text Hello"],
  },
  {
    name: "the standard's example, in two",
    says: inPieces(TEXT, Buffer.from([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]), 3),
    hears: ["text Hello"],
  },
  {
    name: "the standard's example, with what the message before left",
    says: Buffer.concat([
      whole(TEXT, Buffer.from([0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00])),
      whole(TEXT, Buffer.from([0xf2, 0x00, 0x11, 0x00, 0x00])),
    ]),
    hears: ["text Hello", "text Hello"],
  },
  {
    name: "the standard's example, not compressed at all",
    says: whole(TEXT, Buffer.from([0, 5, 0, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0])),
    hears: ["text Hello"],
  },
  {
    name: "the standard's example, in two blocks",
    says: whole(TEXT, Buffer.from([0xf2, 0x48, 5, 0, 0, 0, 0xff, 0xff, 0xca, 0xc9, 0xc9, 7, 0])),
    hears: ["text Hello"],
  },
  {
    name: "among others that are not compressed",
    says: Buffer.concat([frame(TEXT, "one"), whole(TEXT, deflated("two")), frame(TEXT, "three")]),
    hears: ["text one", "text two", "text three"],
  },
  {
    name: "with pings between the pieces",
    says: inPieces(TEXT, deflated("hello hello"), 6, frame(PING, "p")),
    hears: ["pong p", "text hello hello"],
  },
];

const faults: FrameCase[] = [
  {
    name: "what cannot be inflated",
    says: whole(TEXT, Buffer.from([0xff, 0xff, 0xff, 0xff])),
    hears: ["close 1007", "end"],
  },
  {
    name: "no UTF-8 in it",
    says: whole(TEXT, deflated(Buffer.from([0xed, 0xa0, 0x80]))),
    hears: ["close 1007", "end"],
  },
  {
    name: "a later piece that says it is compressed",
    says: Buffer.concat([
      frame(TEXT, deflated("hello").subarray(0, 3), { fin: false, rsv: RSV1 }),
      frame(CONTINUATION, deflated("hello").subarray(3), { rsv: RSV1 }),
    ]),
    hears: ["close 1002", "end"],
  },
  {
    name: "more than a message may have, inflated",
    says: whole(BINARY, deflated(Buffer.alloc(MAX_PAYLOAD + 1))),
    hears: ["close 1009", "end"],
  },
  {
    name: "a thousand times more than a message may have, inflated",
    says: whole(BINARY, deflated(Buffer.alloc(100 * MAX_PAYLOAD))),
    hears: ["close 1009", "end"],
    isLarge: true,
  },
];

/** For clients that agreed on compression. */
export const DEFLATED: Readonly<Record<string, readonly FrameCase[]>> = { sizes, ways, faults };

/** For those who did not. */
export const UNAGREED: Readonly<Record<string, readonly FrameCase[]>> = {
  "compression that was not agreed on": [TEXT, BINARY].map((opcode) => ({
    name: `opcode ${opcode}`,
    says: whole(opcode, deflated("hello")),
    hears: ["close 1002", "end"],
  })),
};

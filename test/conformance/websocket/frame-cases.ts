import { BINARY, CLOSE, CONTINUATION, close, frame, noted, PING, PONG, TEXT } from "./raw-client.ts";

/** What a client sends, and what it has to hear from a server that echoes messages. */
export interface FrameCase {
  readonly name: string;
  readonly says: Buffer;
  /** As `RawClient.heard` notes it. Where the last one is no `end`, the connection has to stay open. */
  readonly hears: readonly string[];
  /** Whether it takes much, so that it is part of the full round only. */
  readonly isLarge?: boolean;
}

export const MAX_PAYLOAD = 1024 * 1024;

const echoes = (name: string, says: readonly Buffer[], hears: readonly string[]): FrameCase => ({
  name,
  says: Buffer.concat(says),
  hears,
});
const fails = (name: string, code: number, ...says: readonly Buffer[]): FrameCase => ({
  name,
  says: Buffer.concat(says),
  hears: [`close ${code}`, "end"],
});
const part = (opcode: number, payload: string | Buffer, fin = false): Buffer =>
  frame(opcode, payload, { fin });

const LENGTHS = [0, 1, 124, 125, 126, 127, 128, 129, 65_535, 65_536, 65_537];
const LARGE = [MAX_PAYLOAD / 4, MAX_PAYLOAD - 1, MAX_PAYLOAD];

const framing: FrameCase[] = [...LENGTHS, ...LARGE].flatMap((length) =>
  [
    echoes(`text of ${length}`, [frame(TEXT, "*".repeat(length))], [noted("text", "*".repeat(length))]),
    echoes(
      `binary of ${length}`,
      [frame(BINARY, Buffer.alloc(length, 0xfe))],
      [noted("binary", Buffer.alloc(length, 0xfe))],
    ),
  ].map((one) => ({ ...one, isLarge: length >= LARGE[0]! })),
);

const masks: FrameCase[] = [
  echoes("a mask of zeros", [frame(TEXT, "hello", { mask: [0, 0, 0, 0] })], ["text hello"]),
  echoes("a mask of ones", [frame(TEXT, "hello", { mask: [255, 255, 255, 255] })], ["text hello"]),
  echoes("a mask of zero bytes between", [frame(TEXT, "hello", { mask: [0, 1, 0, 2] })], ["text hello"]),
  fails("text without a mask", 1002, frame(TEXT, "hello", { mask: null })),
  fails("a ping without a mask", 1002, frame(PING, "", { mask: null })),
  fails("a close without a mask", 1002, frame(CLOSE, "", { mask: null })),
];

const pings: FrameCase[] = [
  echoes("a ping", [frame(PING)], ["pong"]),
  echoes("a ping with text", [frame(PING, "hello")], ["pong hello"]),
  echoes(
    "a ping with bytes",
    [frame(PING, Buffer.from([0, 255, 254, 1]))],
    [noted("pong", Buffer.from([0, 255, 254, 1]))],
  ),
  echoes("a ping of 125", [frame(PING, "p".repeat(125))], [noted("pong", "p".repeat(125))]),
  fails("a ping of 126", 1002, frame(PING, "p".repeat(126))),
  fails("a pong of 126", 1002, frame(PONG, "p".repeat(126))),
  echoes("a pong that nobody asked for", [frame(PONG)], []),
  echoes(
    "a pong with text that nobody asked for",
    [frame(PONG, "hello"), frame(PING, "next")],
    ["pong next"],
  ),
  ...[10, 61, 100, 1_000].map((count) =>
    echoes(
      `${count} pings in a row`,
      Array.from({ length: count }, (_, n) => frame(PING, `${n}`)),
      Array.from({ length: count }, (_, n) => `pong ${n}`),
    ),
  ),
];

const reserved: FrameCase[] = [TEXT, BINARY, PING, PONG, CLOSE].flatMap((opcode) =>
  // RSV1 with text and bytes means compression, where that was agreed on: deflate-cases.ts has it.
  [1, 2, 3, 4, 5, 6, 7]
    .filter((rsv) => rsv !== 4 || opcode >= CLOSE)
    .map((rsv) => fails(`reserved bits ${rsv} with opcode ${opcode}`, 1002, frame(opcode, "", { rsv }))),
);

const opcodes: FrameCase[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
  fails(`opcode ${opcode}`, 1002, frame(opcode)),
  fails(`opcode ${opcode} with a payload`, 1002, frame(opcode, "hello")),
  { ...fails(`opcode ${opcode} behind a text`, 1002), ...behindText(frame(opcode)) },
]);

function behindText(...says: readonly Buffer[]): Pick<FrameCase, "says" | "hears"> {
  return { says: Buffer.concat([frame(TEXT, "first"), ...says]), hears: ["text first", "close 1002", "end"] };
}

const fragments: FrameCase[] = [
  fails("a ping in pieces", 1002, part(PING, "a"), part(CONTINUATION, "b", true)),
  fails("a pong in pieces", 1002, part(PONG, "a"), part(CONTINUATION, "b", true)),
  fails("a close in pieces", 1002, part(CLOSE, "")),
  echoes("text in two", [part(TEXT, "hel"), part(CONTINUATION, "lo", true)], ["text hello"]),
  echoes("bytes in two", [part(BINARY, "hel"), part(CONTINUATION, "lo", true)], ["binary hello"]),
  echoes("text in two, the first empty", [part(TEXT, ""), part(CONTINUATION, "hello", true)], ["text hello"]),
  echoes("text in two, the last empty", [part(TEXT, "hello"), part(CONTINUATION, "", true)], ["text hello"]),
  echoes(
    "text in empty pieces",
    [part(TEXT, ""), part(CONTINUATION, ""), part(CONTINUATION, "", true)],
    ["text"],
  ),
  echoes(
    "a ping between the pieces",
    [part(TEXT, "hel"), frame(PING, "ping"), part(CONTINUATION, "lo", true)],
    ["pong ping", "text hello"],
  ),
  echoes(
    "pings between many pieces",
    [
      part(TEXT, "a"),
      frame(PING, "1"),
      part(CONTINUATION, "b"),
      frame(PING, "2"),
      part(CONTINUATION, "c", true),
    ],
    ["pong 1", "pong 2", "text abc"],
  ),
  echoes(
    "text in 1,000 pieces",
    [
      part(TEXT, "x"),
      ...Array.from({ length: 998 }, () => part(CONTINUATION, "x")),
      part(CONTINUATION, "x", true),
    ],
    [noted("text", "x".repeat(1_000))],
  ),
  echoes(
    "two messages in pieces",
    [part(TEXT, "a"), part(CONTINUATION, "b", true), part(BINARY, "c"), part(CONTINUATION, "d", true)],
    ["text ab", "binary cd"],
  ),
  fails("a piece that continues nothing", 1002, part(CONTINUATION, "lost", true)),
  fails("a piece that continues nothing, and is not the last", 1002, part(CONTINUATION, "lost")),
  {
    ...fails("a piece that continues what was whole", 1002),
    ...behindText(part(CONTINUATION, "lost", true)),
  },
  fails("text in the midst of text", 1002, part(TEXT, "hel"), frame(TEXT, "lo")),
  fails("bytes in the midst of text", 1002, part(TEXT, "hel"), frame(BINARY, "lo")),
  fails("a new message in pieces in the midst of one", 1002, part(TEXT, "hel"), part(TEXT, "lo")),
  echoes("a close between the pieces", [part(TEXT, "hel"), close(1000)], ["close 1000", "end"]),
];

const limits: FrameCase[] = [
  { ...fails("more than a message may have", 1009, frame(TEXT, "x".repeat(MAX_PAYLOAD + 1))), isLarge: true },
  fails(
    "more than a message may have, announced",
    1009,
    frame(BINARY, "", { length: BigInt(MAX_PAYLOAD) + 1n }),
  ),
  fails("2^40 bytes, announced", 1009, frame(BINARY, "", { length: 2n ** 40n })),
  fails("2^63 - 1 bytes, announced", 1009, frame(BINARY, "", { length: 2n ** 63n - 1n })),
  fails("2^64 - 1 bytes, announced", 1009, frame(BINARY, "", { length: 2n ** 64n - 1n })),
  {
    ...fails(
      ...(["more than a message may have, in pieces", 1009] as const),
      part(BINARY, Buffer.alloc(MAX_PAYLOAD)),
      part(CONTINUATION, "x", true),
    ),
    isLarge: true,
  },
  {
    ...echoes(
      "as much as a message may have, in pieces",
      [part(BINARY, Buffer.alloc(MAX_PAYLOAD - 1, 1)), part(CONTINUATION, Buffer.from([1]), true)],
      [noted("binary", Buffer.alloc(MAX_PAYLOAD, 1))],
    ),
    isLarge: true,
  },
];

export const FRAMES: Readonly<Record<string, readonly FrameCase[]>> = {
  framing,
  masks,
  pings,
  "reserved bits": reserved,
  opcodes,
  fragments,
  limits,
};

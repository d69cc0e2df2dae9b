import type { FrameCase } from "./frame-cases.ts";
import { CLOSE, CONTINUATION, close, frame, noted, PING, TEXT } from "./raw-client.ts";

const hex = (bytes: string): Buffer => Buffer.from(bytes.replaceAll(" ", ""), "hex");

/** Text at the edges of what UTF-8 can say. [RFC 3629] */
const VALID: Readonly<Record<string, Buffer>> = {
  ASCII: Buffer.from("Hello"),
  "U+0000": hex("00"),
  "U+007F": hex("7f"),
  "U+0080": hex("c2 80"),
  "U+07FF": hex("df bf"),
  "U+0800": hex("e0 a0 80"),
  "U+D7FF, before the surrogates": hex("ed 9f bf"),
  "U+E000, after the surrogates": hex("ee 80 80"),
  "U+FFFD": hex("ef bf bd"),
  "U+FEFF, a byte order mark": hex("ef bb bf"),
  "U+FFFE, no character": hex("ef bf be"),
  "U+FFFF, no character": hex("ef bf bf"),
  "U+10000": hex("f0 90 80 80"),
  "U+10FFFF": hex("f4 8f bf bf"),
  "several scripts": Buffer.from("Hello-µ@ßöäüàá-UTF-8!! κόσμε 日本 🦆"),
};

const INVALID: Readonly<Record<string, Buffer>> = {
  "a continuation alone": hex("80"),
  "the highest continuation alone": hex("bf"),
  "continuations alone": hex("80 bf 80 bf"),
  "a start alone, of two": hex("c2"),
  "a start alone, of three": hex("e0 a0"),
  "a start alone, of four": hex("f0 90 80"),
  "a start before ASCII": hex("c2 41"),
  "a start before a start": hex("e0 c2 80"),
  "too long for U+002F, two": hex("c0 af"),
  "too long for U+007F, two": hex("c1 bf"),
  "too long for U+002F, three": hex("e0 80 af"),
  "too long for U+07FF, three": hex("e0 9f bf"),
  "too long for U+002F, four": hex("f0 80 80 af"),
  "too long for U+FFFF, four": hex("f0 8f bf bf"),
  "too long for U+0000, two": hex("c0 80"),
  "five bytes": hex("f8 88 80 80 80"),
  "six bytes": hex("fc 84 80 80 80 80"),
  FE: hex("fe"),
  FF: hex("ff"),
  "U+D800, a surrogate": hex("ed a0 80"),
  "U+DFFF, a surrogate": hex("ed bf bf"),
  "a pair of surrogates": hex("ed a0 80 ed b0 80"),
  "U+110000": hex("f4 90 80 80"),
  F5: hex("f5 80 80 80"),
  "bad in the middle": hex("ce ba e1 bd b9 cf 83 ce bc ce b5 ed a0 80 65 64 69 74 65 64"),
};

/** A text in two pieces, cut here. */
function cut(text: Buffer, at: number): Buffer {
  return Buffer.concat([
    frame(TEXT, text.subarray(0, at), { fin: false }),
    frame(CONTINUATION, text.subarray(at)),
  ]);
}

/** Every text as it is, cut at each place, and in pieces of one byte. */
function waysOf(name: string, text: Buffer, hears: readonly string[]): FrameCase[] {
  const cuts = Array.from({ length: text.length - 1 }, (_, index) => index + 1);
  const pieces = [...text].map((byte, index) =>
    frame(index === 0 ? TEXT : CONTINUATION, Buffer.from([byte]), { fin: index === text.length - 1 }),
  );
  return [
    { name, says: frame(TEXT, text), hears },
    { name: `${name}, each byte a piece`, says: Buffer.concat(pieces), hears },
    ...cuts.map((at) => ({ name: `${name}, cut at ${at}`, says: cut(text, at), hears, isLarge: at > 4 })),
  ];
}

const utf8: FrameCase[] = [
  ...Object.entries(VALID).flatMap(([name, text]) => waysOf(name, text, [noted("text", text)])),
  ...Object.entries(INVALID).flatMap(([name, text]) => waysOf(name, text, ["close 1007", "end"])),
];

const TAKEN = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
];
const REFUSED = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 5001, 65_535];

const closes: FrameCase[] = [
  { name: "no code", says: close(), hears: ["close", "end"] },
  { name: "half a code", says: frame(CLOSE, "x"), hears: ["close 1002", "end"] },
  ...TAKEN.map((code) => ({ name: `code ${code}`, says: close(code), hears: [`close ${code}`, "end"] })),
  ...REFUSED.map((code) => ({ name: `code ${code}`, says: close(code), hears: ["close 1002", "end"] })),
  { name: "a reason", says: close(1000, "bye"), hears: ["close 1000", "end"] },
  { name: "a reason of 123", says: close(1000, "b".repeat(123)), hears: ["close 1000", "end"] },
  { name: "a reason of 124", says: close(1000, "b".repeat(124)), hears: ["close 1002", "end"] },
  ...Object.entries(VALID).map(([name, text]) => ({
    name: `a reason: ${name}`,
    says: close(1000, text),
    hears: ["close 1000", "end"],
  })),
  ...Object.entries(INVALID).map(([name, text]) => ({
    name: `a reason that is no UTF-8: ${name}`,
    says: close(1000, text),
    hears: ["close 1007", "end"],
  })),
  {
    name: "behind a text",
    says: Buffer.concat([frame(TEXT, "last"), close(1000)]),
    hears: ["text last", "close 1000", "end"],
  },
  {
    name: "behind a ping",
    says: Buffer.concat([frame(PING, "last"), close(1000)]),
    hears: ["pong last", "close 1000", "end"],
  },
  {
    name: "before a text",
    says: Buffer.concat([close(1000), frame(TEXT, "late")]),
    hears: ["close 1000", "end"],
  },
  {
    name: "before a ping",
    says: Buffer.concat([close(1000), frame(PING, "late")]),
    hears: ["close 1000", "end"],
  },
  {
    name: "before nonsense",
    says: Buffer.concat([close(1000), frame(15, "late", { rsv: 7 })]),
    hears: ["close 1000", "end"],
  },
  { name: "twice", says: Buffer.concat([close(1000), close(1001)]), hears: ["close 1000", "end"] },
];

export const TEXTS: Readonly<Record<string, readonly FrameCase[]>> = { "UTF-8": utf8, closes };

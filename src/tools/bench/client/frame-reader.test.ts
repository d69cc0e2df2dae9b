import { describe, expect, it } from "vitest";
import { textFrame } from "../../../protocol/frames.ts";
import { FrameReader, type MessageSink } from "./frame-reader.ts";

class Heard implements MessageSink {
  readonly said: string[] = [];

  message(bytes: Buffer, start: number, end: number): void {
    this.said.push(bytes.toString("utf8", start, end));
  }

  pinged(payload: Buffer): void {
    this.said.push(`ping ${payload.toString()}`);
  }

  closing(code: number, reason: string): void {
    this.said.push(`close ${code} ${reason}`);
  }
}

const TEXTS = ["", "a", "x".repeat(125), "y".repeat(126), "é".repeat(300), "z".repeat(70_000), "end"];

/** Reads bytes in pieces, out of one buffer that is overwritten each time, as connections do. */
function readInPieces(bytes: Buffer, cuts: readonly number[]): string[] {
  const reader = new FrameReader();
  const heard = new Heard();
  const input = Buffer.alloc(bytes.length);
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    input.fill(0xff);
    bytes.copy(input, 0, from, to);
    reader.read(input, to - from, heard);
    from = to;
  }
  return heard.said;
}

describe("A reader of frames", () => {
  const all = Buffer.concat(TEXTS.map(textFrame));

  it("finds messages of all lengths that come together", () => {
    expect(readInPieces(all, [])).toEqual(TEXTS);
  });

  it("finds them wherever they are cut in two", () => {
    const short = Buffer.concat(TEXTS.filter(({ length }) => length < 1000).map(textFrame));
    for (let cut = 0; cut <= short.length; cut++)
      expect(readInPieces(short, [cut])).toEqual(TEXTS.filter(({ length }) => length < 1000));
  });

  it("finds them when every byte comes alone", () => {
    const cuts = Array.from({ length: all.length - 1 }, (_, at) => at + 1);

    expect(readInPieces(all, cuts)).toEqual(TEXTS);
  });

  it("puts the fragments of a message together, with control frames between them", () => {
    const bytes = Buffer.concat([
      Buffer.from([0x01, 1, 0x61]),
      Buffer.from([0x89, 2, 0x68, 0x69]),
      Buffer.from([0x00, 1, 0x62]),
      Buffer.from([0x80, 1, 0x63]),
      textFrame("next"),
    ]);

    expect(readInPieces(bytes, [4, 9])).toEqual(["ping hi", "abc", "next"]);
  });

  it("tells code and reason of a close, and that there was none", () => {
    expect(readInPieces(Buffer.from([0x88, 4, 0x10, 0x04, 0x6e, 0x6f]), [])).toEqual(["close 4100 no"]);
    expect(readInPieces(Buffer.from([0x88, 0]), [])).toEqual(["close 1005 "]);
  });

  it.each([
    ["a masked frame", [0x81, 0x81, 0, 0, 0, 0, 0x61]],
    ["reserved bits", [0xc1, 1, 0x61]],
    ["opcode 3", [0x83, 0]],
    ["a frame of", [0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0]],
    ["a fragment out of place", [0x80, 0]],
  ])("refuses what no server may send: %s", (reason, bytes) => {
    expect(() => readInPieces(Buffer.from(bytes), [])).toThrow(reason);
  });

  it("reads nothing any more once it is ended, even of what came together", () => {
    const reader = new FrameReader();
    const heard = new Heard();
    heard.message = () => reader.end();
    let count = 0;
    heard.pinged = () => count++;
    const bytes = Buffer.concat([textFrame("a"), Buffer.from([0x89, 0])]);
    reader.read(bytes, bytes.length, heard);

    expect(count).toBe(0);
  });
});

import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { createLogger, readable } from "./log.ts";

function logger(level: number) {
  const lines: Record<string, unknown>[] = [];
  const clock = new VirtualClock();
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, clock, log: createLogger("scc-worker", "8000", level, { clock, stream }) };
}

describe("The log", () => {
  it.each([
    [0, []],
    [1, ["error"]],
    [2, ["error", "warn"]],
    [3, ["error", "warn", "info"]],
  ])("knows upstream's level %d", (level, expected) => {
    const { lines, log } = logger(level);

    log.error("a");
    log.warn("b");
    log.info("c");
    log.debug("d");

    expect(lines.map((line) => line.level)).toEqual(expected);
  });

  it("says who and when in each line, and of an error only what it says", () => {
    const { lines, log } = logger(3);

    log.error("could not close", { name: "server", error: new Error("no\u001b") });

    expect(lines).toMatchObject([
      { service: "scc-worker", instance: "8000", msg: "could not close", name: "server", error: "no\u001b" },
    ]);
    expect(lines[0]).toHaveProperty("time", expect.stringMatching(/^\d{4}-.*Z$/));
  });

  it("says the same trouble ten times in ten seconds, and then how often it did not", () => {
    const { lines, log, clock } = logger(3);

    for (let number = 1; number <= 1000; number += 1) log.warn("connection refused", { number });
    log.warn("something else");
    expect(lines.map((line) => line.number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, undefined]);

    clock.advance(10_000);
    expect(lines.slice(11)).toMatchObject([{ msg: "connection refused", level: "warn", suppressed: 990 }]);

    log.warn("connection refused", { number: 1001 });
    clock.advance(10_000);
    expect(lines.slice(12)).toMatchObject([{ number: 1001 }]);
  });

  it("is bounded, however many messages there are", () => {
    const { lines, log, clock } = logger(3);

    for (let number = 0; number < 5000; number += 1) log.error(`message ${number}`);
    clock.advance(10_000);

    expect(lines.length).toBeLessThan(1020);
    expect(lines.at(-1)).toMatchObject({ msg: "other messages" });
  });

  it("says everything that is no trouble", () => {
    const { lines, log } = logger(3);

    for (let number = 0; number < 100; number += 1) log.info("member joined", { number });

    expect(lines).toHaveLength(100);
  });

  it.each([["JSON"], ["readable lines"]])("prints nothing that steers a terminal, as %s", (form) => {
    const written: string[] = [];
    const text = new Writable({
      write: (chunk, _encoding, done) => {
        written.push(String(chunk));
        done();
      },
    });
    const stream = form === "JSON" ? { write: (line: string) => written.push(line) } : readable(text);
    const log = createLogger("scc-worker", "8000", 3, { stream, clock: new VirtualClock() });
    const evil = "\u009b31m\u202e\u2066\u200f\u061c\u2028\u007f\u001b[2J\ud800\nINFO: all is well";
    log.info("refused", { error: new Error(evil), reason: evil, nested: { list: [evil], [evil]: evil } });
    const [line = ""] = [written.join("")];

    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(line).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
    expect(line).not.toMatch(/\p{Surrogate}|\ufffd/u);
    expect(line).toContain("\\u009b31m");
    expect(line.split("\n").filter((each) => each.startsWith("INFO"))).toEqual([]);
    if (form === "JSON") expect(JSON.parse(line)).toMatchObject({ reason: evil, nested: { list: [evil] } });
  });
});

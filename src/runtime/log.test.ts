import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { createLogger } from "./log.ts";

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
});

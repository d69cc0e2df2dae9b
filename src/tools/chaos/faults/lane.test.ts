import { describe, expect, it } from "vitest";
import { FAIR, type Rule, weatherOf } from "./fault.ts";
import { Lane } from "./lane.ts";

const textOf = (lane: Lane, now: number): string => Buffer.concat(lane.pass(now).chunks).toString();

describe("A lane", () => {
  it("passes everything at once, in order, and then the end, when nothing is wrong", () => {
    const lane = new Lane();
    lane.arrive(Buffer.from("one "), 0, 0);
    lane.arrive(Buffer.from("two"), 0, 0);
    lane.end("end", 0);

    const { chunks, ending } = lane.pass(0);
    expect(Buffer.concat(chunks).toString()).toBe("one two");
    expect(ending).toBe("end");
    expect(lane.pass(1)).toEqual({ chunks: [], ending: undefined });
    expect(lane.nextAt(1)).toBe(Infinity);
  });

  it("holds everything back while it is stalled, the end too, and passes it afterwards", () => {
    const lane = new Lane();
    lane.change({ ...FAIR, stalled: true }, 0);
    lane.arrive(Buffer.from("held"), 0, 0);
    lane.end("reset", 0);
    expect(lane.pass(1000)).toEqual({ chunks: [], ending: undefined });
    expect([lane.waitingBytes, lane.nextAt(1000)]).toEqual([4, Infinity]);

    lane.change(FAIR, 2000);
    const { chunks, ending } = lane.pass(2000);
    expect([Buffer.concat(chunks).toString(), ending]).toEqual(["held", "reset"]);
  });

  it("forgets what it swallows, and never shows what comes behind the hole", () => {
    const lane = new Lane();
    lane.change({ ...FAIR, swallowed: true }, 0);
    lane.arrive(Buffer.from("gone"), 0, 0);
    lane.change(FAIR, 1);
    lane.arrive(Buffer.from("behind"), 1, 0);

    expect(lane.hasHole).toBe(true);
    expect([textOf(lane, 2), lane.waitingBytes]).toEqual(["", 0]);
  });

  it("delays by a time and by chance, and keeps the order", () => {
    const lane = new Lane();
    lane.change({ ...FAIR, delayMs: 100, jitterMs: 50 }, 0);
    lane.arrive(Buffer.from("a"), 0, 1);
    lane.arrive(Buffer.from("b"), 10, 0);

    expect(lane.nextAt(10)).toBe(150);
    expect(textOf(lane, 149)).toBe("");
    expect(textOf(lane, 150)).toBe("ab");
  });

  it("passes no more bytes than a throttle allows, however long it was idle", () => {
    const lane = new Lane();
    lane.change({ ...FAIR, bytesPerSecond: 1000 }, 0);
    lane.arrive(Buffer.alloc(500), 10_000, 0);
    let passed = 0;
    for (let now = 10_000; now < 10_200; now += 1)
      for (const chunk of lane.pass(now).chunks) passed += chunk.length;

    // A tenth of a second that was saved up, and two tenths that were waited.
    expect(passed).toBeGreaterThanOrEqual(295);
    expect(passed).toBeLessThanOrEqual(301);
    expect(lane.nextAt(10_200)).toBeLessThanOrEqual(10_202);
  });
});

describe("Faults on a connection", () => {
  const stall: Rule = { fault: { kind: "stall" }, direction: "up", dialler: "worker-1" };

  it("are for one way and for one process where a rule says so", () => {
    expect(weatherOf([stall], "worker-1", "up").stalled).toBe(true);
    expect(weatherOf([stall], "worker-1", "down").stalled).toBe(false);
    expect(weatherOf([stall], "worker-2", "up").stalled).toBe(false);
    expect(weatherOf([stall], undefined, "up").stalled).toBe(false);
  });

  it("add up", () => {
    const rules: Rule[] = [
      { fault: { kind: "delay", ms: 10, jitterMs: 1 } },
      { fault: { kind: "delay", ms: 20, jitterMs: 2 } },
      { fault: { kind: "throttle", bytesPerSecond: 500 } },
      { fault: { kind: "throttle", bytesPerSecond: 900 } },
    ];

    expect(weatherOf(rules, undefined, "down")).toEqual({
      ...FAIR,
      delayMs: 30,
      jitterMs: 3,
      bytesPerSecond: 500,
    });
  });
});

import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { Calls } from "./calls.ts";

describe("Calls", () => {
  it("number themselves from 1 and settle with the client's answer", () => {
    const { calls, settled, settle } = setUp();

    expect(calls.open("a", 1_000, settle)).toBe(1);
    expect(calls.open("b", 1_000, settle)).toBe(2);
    calls.answer(2, "yes", undefined);
    calls.answer(1, undefined, { name: "NoError", message: "no" });

    expect(settled[0]).toEqual([null, "yes"]);
    expect(settled[1]?.[0]).toMatchObject({ name: "NoError", message: "no" });
    expect(calls.size).toBe(0);
  });

  it("time out, and ignore an answer that comes after", () => {
    const { calls, clock, settled, settle } = setUp();

    calls.open("a", 1_000, settle);
    clock.advance(1_000);
    calls.answer(1, "late", undefined);

    expect(settled).toHaveLength(1);
    expect(settled[0]?.[0]).toMatchObject({ name: "TimeoutError" });
  });

  it("are aborted with their connection", () => {
    const { calls, clock, settled, settle } = setUp();

    calls.open("a", 1_000, settle);
    calls.abort("disconnect", 1006, "gone");
    clock.advance(2_000);

    expect(settled).toHaveLength(1);
    expect(settled[0]?.[0]).toMatchObject({ name: "BadConnectionError", type: "disconnect", code: 1006 });
  });
});

function setUp() {
  const clock = new VirtualClock();
  const settled: unknown[][] = [];
  return { clock, settled, calls: new Calls(clock), settle: (...args: unknown[]) => void settled.push(args) };
}

import { describe, expect, it } from "vitest";
import { mostInAnySecond, percentilesOf } from "./measure.ts";

describe("The most in any second", () => {
  it("is looked for wherever a second may begin", () => {
    expect(mostInAnySecond([0, 900, 1100, 1200, 1899, 5000])).toBe(4);
  });

  it("does not count what is a whole second apart", () => {
    expect(mostInAnySecond([0, 1000, 2000])).toBe(1);
  });

  it("counts what comes at the same moment, and does not need an order", () => {
    expect(mostInAnySecond([3, 500, 3, 3])).toBe(4);
  });

  it("is none of none", () => {
    expect(mostInAnySecond([])).toBe(0);
  });
});

describe("Percentiles", () => {
  it("are values that were measured", () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);

    expect(percentilesOf(values)).toEqual({ count: 100, p50: 50, p95: 95, max: 100 });
  });

  it("of one value are that value, and of none are 0", () => {
    expect(percentilesOf([7])).toEqual({ count: 1, p50: 7, p95: 7, max: 7 });
    expect(percentilesOf([])).toEqual({ count: 0, p50: 0, p95: 0, max: 0 });
  });
});

import { describe, expect, it } from "vitest";
import { Pace } from "./pace.ts";

describe("The pace", () => {
  it("is a steady rate, however often it is asked", () => {
    const pace = new Pace(1000, 50);
    let taken = 0;
    for (let now = 50; now <= 10_050; now += 3.7) taken += pace.due(now);

    expect(taken + pace.due(10_050)).toBe(10_000);
    expect(pace.skipped).toBe(0);
  });

  it("makes up for a second at most, and says what it left out", () => {
    const pace = new Pace(200, 0);

    expect(pace.due(5000)).toBe(200);
    expect(pace.skipped).toBe(800);
    expect(pace.due(5010)).toBe(2);
  });
});

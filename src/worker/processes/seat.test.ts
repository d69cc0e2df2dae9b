import { describe, expect, it } from "vitest";
import { drainShare, instanceOf, isFirst, seatVariable, takeSeat } from "./seat.ts";

describe("A seat", () => {
  it("has a share of the rate at which clients are sent away; all shares make the whole", () => {
    const shares = [1, 2, 3].map((number) => drainShare(500, { number, count: 3 }));

    expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(500);
    expect(drainShare(500, undefined)).toBe(500);
  });

  it("stands in the name of the process, if there are several", () => {
    expect(instanceOf({ port: 8000 }, { number: 2, count: 3 })).toBe("8000/2");
    expect(instanceOf({ port: 8000 }, undefined)).toBe("8000");
  });

  it("says what is said once for all", () => {
    expect([undefined, { number: 1, count: 2 }, { number: 2, count: 2 }].map(isFirst)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it("is taken out of the environment, and means nothing without a primary", () => {
    const env = { PATH: "/bin", ...seatVariable({ number: 2, count: 3 }) };

    expect(takeSeat(env)).toBeUndefined();
    expect(env).toEqual({ PATH: "/bin" });
  });
});

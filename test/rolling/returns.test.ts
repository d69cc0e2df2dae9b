import { describe, expect, it } from "vitest";
import { fullestSecond, Returns } from "./returns.ts";

describe("The returns of clients", () => {
  it("are timed from the end of the connection to the subscription, and counted by the second", () => {
    const returns = new Returns();
    for (let client = 0; client < 100; client++) {
      returns.left(client, 0);
      returns.connected(client, client * 20);
      returns.back(client, (client + 1) * 20);
    }

    expect(returns.tally).toEqual({
      ...{ left: 100, back: 100, missing: 0 },
      ...{ p50Ms: 1000, p95Ms: 1900, mostMs: 2000, mostLeftPerSecond: 100, mostPerSecond: 50 },
    });
  });

  it("are missing of those that are still away, and nothing of those that never left", () => {
    const returns = new Returns();
    returns.connected(1, 5);
    returns.back(1, 10);
    returns.left(2, 10);

    expect(returns.tally).toMatchObject({ left: 1, back: 0, missing: 1, mostPerSecond: 0, p95Ms: 0 });
  });

  it("have a fullest second wherever it begins", () => {
    expect(fullestSecond([])).toBe(0);
    expect(fullestSecond([0, 900, 1000, 1100, 1899, 3000])).toBe(4);
    expect(fullestSecond([1000, 0])).toBe(1);
  });
});

import { describe, expect, it } from "vitest";
import { summaryOf } from "../../bench/record/statistics.ts";
import { digits, spread, table } from "../../bench/report/markdown.ts";

describe("Statistics", () => {
  it("take the middle value of an odd number, and the mean of the two in the middle of an even one", () => {
    expect(summaryOf([5, 1, 100])).toEqual({ n: 3, median: 5, low: 1, high: 100 });
    expect(summaryOf([4, 1, 2, 100])).toEqual({ n: 4, median: 3, low: 1, high: 100 });
    expect(summaryOf([7])).toEqual({ n: 1, median: 7, low: 7, high: 7 });
  });

  it("count only what is a number, and are nothing without any", () => {
    expect(summaryOf([undefined, 2, Number.NaN, Number.POSITIVE_INFINITY])).toEqual({
      n: 1,
      median: 2,
      low: 2,
      high: 2,
    });
    expect(summaryOf([undefined])).toBeUndefined();
  });

  it("order numbers as numbers", () => {
    expect(summaryOf([10, 9, 100])?.median).toBe(10);
  });

  it("are written with three digits, and with their spread where there is one", () => {
    expect([0.071428, 1.234, 12.345, 93_412, 5].map(digits)).toEqual([
      "0.0714",
      "1.23",
      "12.3",
      "93,400",
      "5",
    ]);
    expect(spread({ n: 3, median: 1.06, low: 1.03, high: 1.12 })).toBe("1.06 (1.03..1.12)");
    expect(spread({ n: 1, median: 1.06, low: 1.06, high: 1.06 })).toBe("1.06");
    expect(spread(undefined)).toBe("");
  });

  it("stand in tables which no text can break, and whose empty columns are left out", () => {
    expect(table(["a", "b", "c"], [["1|2", "", "x\ny"]])).toBe("| a | c |\n| --- | --- |\n| 1\\|2 | x y |");
  });
});

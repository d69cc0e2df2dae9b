import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasMoreEntriesThan, isNestedDeeperThan } from "./nesting.ts";

const isDeeper = (levels: number, json: string) => isNestedDeeperThan(levels, Buffer.from(json));
const hasMore = (most: number, json: string) => hasMoreEntriesThan(most, Buffer.from(json));

/** Levels of arrays and objects, as somebody finds who has parsed the value. */
function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe("The nesting of a JSON text", () => {
  it("is how many arrays and objects stand in each other", () => {
    expect(isDeeper(2, "[[[]]]")).toBe(true);
    expect(isDeeper(3, "[[[]]]")).toBe(false);
    expect(isDeeper(2, '{"a":[{"b":1}]}')).toBe(true);
    expect(isDeeper(3, '{"a":[{"b":1}]}')).toBe(false);
    expect(isDeeper(1_000, "[".repeat(100_000))).toBe(true);
  });

  it("is not what stands in texts", () => {
    expect(isDeeper(2, '["[[[[[[[[","{{{{{{{{"]')).toBe(false);
    expect(isDeeper(2, '["\\"[[[[[[[["]')).toBe(false);
    expect(isDeeper(2, '["\\\\",[[0]]]')).toBe(true);
    expect(isDeeper(2, '["]]]]",[[0]]]')).toBe(true);
  });

  it("is not what stands in long texts, however their quotes are escaped", () => {
    const long = "x".repeat(100);
    for (const end of ["", "\\\\", '\\"', '\\\\\\"']) {
      expect(isDeeper(2, `["${long}${end}${"[".repeat(50)}","${long}"]`)).toBe(false);
      expect(isDeeper(2, `["${long}${end}",[[0]]]`)).toBe(true);
    }
    expect(isDeeper(1_000, `["${long}",${"[".repeat(30)}0${"]".repeat(30)},"${"x".repeat(3_000)}"]`)).toBe(
      false,
    );
    expect(isDeeper(1_000, `["${"[".repeat(5_000)}"]`)).toBe(false);
    expect(isDeeper(1_000, `["${long}",${"[".repeat(1_000)}${"]".repeat(1_000)}]`)).toBe(true);
  });

  it("is what somebody finds who has parsed it, whatever it is", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 6 }), (value, levels) => {
        expect(isDeeper(levels, JSON.stringify(value))).toBe(depthOf(value) > levels);
      }),
      { numRuns: 500 },
    );
  });
});

describe("The entries of a JSON text", () => {
  it("are those of the outermost array alone", () => {
    expect(hasMore(2, "[1,2,3]")).toBe(true);
    expect(hasMore(3, "[1,2,3]")).toBe(false);
    expect(hasMore(2, "[[1,2,3],[4,5,6]]")).toBe(false);
    expect(hasMore(2, '[",,,,",{"a":1,"b":2}]')).toBe(false);
  });

  it("are as many as somebody finds who has parsed it", () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        (values, most) => {
          expect(hasMore(most, JSON.stringify(values))).toBe(values.length > most);
        },
      ),
      { numRuns: 500 },
    );
  });
});

import { describe, expect, it } from "vitest";
import { randomId } from "./random-id.ts";

describe("randomId", () => {
  it("gives 20 characters that may stand in a URL, other ones each time", () => {
    const ids = Array.from({ length: 10_000 }, randomId);

    expect(ids.every((id) => /^[\w-]{20}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

import { describe, expect, it } from "vitest";
import { TokenCache } from "./token-cache.ts";

const token = (payload = "{}") => ({ payload, from: 0, until: Infinity });

describe("TokenCache", () => {
  it("never holds more tokens than it may, however many are shown, and keeps the newest", () => {
    for (const count of [1, 2, 7, 100]) {
      const cache = new TokenCache({ count, bytes: 1_000_000 });

      for (let i = 0; i < 1_000; i += 1) {
        cache.set(`token ${i}`, token());
        expect(cache.size).toBeLessThanOrEqual(count);
        expect(cache.get(`token ${i}`)).toBeDefined();
      }

      expect(cache.size).toBeGreaterThanOrEqual(Math.floor(count / 2));
    }
  });

  it("never holds more bytes than it may, and nothing that is too large by itself", () => {
    const cache = new TokenCache({ count: 1_000_000, bytes: 100_000 });

    for (let i = 0; i < 1_000; i += 1) {
      cache.set(`token ${i}`, token("x".repeat(i % 600)));
      expect(cache.bytes).toBeLessThanOrEqual(100_000);
    }
    cache.set("large", token("x".repeat(2_000)));

    expect(cache.bytes).toBeGreaterThan(40_000);
    expect(cache.get("token 999")).toBeDefined();
    expect(cache.get("large")).toBeUndefined();
  });

  it("keeps what is asked for again and again", () => {
    const cache = new TokenCache({ count: 10, bytes: 1_000_000 });
    cache.set("mine", token("mine"));

    for (let i = 0; i < 1_000; i += 1) {
      cache.set(`token ${i}`, token());
      expect(cache.get("mine")?.payload).toBe("mine");
    }
  });

  it("counts what is set twice, moved or deleted once", () => {
    const cache = new TokenCache({ count: 4, bytes: 1_000_000 });

    for (const name of ["a", "a", "b", "c", "d"]) cache.set(name, token());
    cache.get("a");
    for (const name of ["a", "b", "c", "d", "never set"]) cache.delete(name);

    expect(cache).toMatchObject({ size: 0, bytes: 0 });
  });
});

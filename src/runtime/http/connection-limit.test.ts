import { describe, expect, it } from "vitest";
import { connectionLimit, openFileLimit } from "./connection-limit.ts";

const MIB = 2 ** 20;

describe("How many connections a process takes", () => {
  const of = (openFiles: number, heap = 4096 * MIB) => connectionLimit(undefined, 1, { openFiles, heap });

  it("leaves files for everything else, and for plain requests", () => {
    expect(of(1_024)).toEqual({ webSockets: 832, all: 896 });
    expect(of(65_536)).toEqual({ webSockets: 63_488, all: 64_512 });
  });

  it("is no more than half the heap has room for", () => {
    expect(of(1_048_576, 512 * MIB)).toEqual({ webSockets: 32_768, all: 33_792 });
    expect(of(Number.MAX_SAFE_INTEGER, 4096 * MIB).webSockets).toBe(262_144);
  });

  it("is never none", () => {
    expect(of(20).webSockets).toBe(1);
  });

  it("is what is configured, and some for plain requests", () => {
    expect(connectionLimit(100, 1, { openFiles: 1_024, heap: MIB })).toEqual({ webSockets: 100, all: 164 });
  });
});

describe("The limit of open files", () => {
  it("is read where Linux says it", () => {
    const limits =
      "Limit    Soft Limit  Hard Limit  Units\nMax open files            4096     8192     files\n";
    expect(openFileLimit(() => limits)).toBe(4096);
    expect(openFileLimit(() => "Max open files   unlimited   unlimited   files")).toBe(
      Number.MAX_SAFE_INTEGER,
    );
  });

  it("is asked of Node.js elsewhere", () => {
    expect(openFileLimit(() => undefined)).toBe(openFileLimit());
  });
});

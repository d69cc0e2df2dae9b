import { expect, test } from "vitest";
import { type MemorySource, memoryLimits } from "./memory.ts";

const GIB = 2 ** 30;
const source = (heap: number, constrained: number | undefined, machine: number): MemorySource => ({
  heapLimit: () => heap,
  constrained: () => constrained,
  machine: () => machine,
});

test("in a container the container's limit counts", () => {
  expect(memoryLimits(1, source(GIB / 2, GIB, 64 * GIB))).toEqual({ heap: GIB / 2, total: GIB });
});

test("without a limit the machine's memory counts, however Node.js says that there is none", () => {
  for (const none of [undefined, 0, 2 ** 63]) {
    expect(memoryLimits(1, source(4 * GIB, none, 16 * GIB)).total).toBe(16 * GIB);
  }
});

test("processes that share a container share its memory, and no heap is larger than that", () => {
  expect(memoryLimits(4, source(2 * GIB, 4 * GIB, 64 * GIB))).toEqual({ heap: GIB, total: GIB });
});

test("this process has limits", () => {
  const { heap, total } = memoryLimits();
  expect(heap).toBeGreaterThan(2 ** 20);
  expect(total).toBeGreaterThanOrEqual(heap);
});

import { expect, test } from "vitest";
import { boundsFor } from "./memory-shares.ts";

const MIB = 2 ** 20;

test("what a member may hold follows from the heap that it has, as the manifests set it", () => {
  const { channels, ...bytes } = boundsFor(512 * MIB);

  expect(bytes).toEqual({ tails: 128 * MIB, unconfirmed: 64 * MIB, waiting: 128 * MIB });
  expect(channels).toBe(214_748);
});

test("more than a change of the ring bears is not held, however much memory there is", () => {
  expect(boundsFor(64_000 * MIB)).toEqual({
    channels: 300_000,
    tails: 256 * MIB,
    unconfirmed: 256 * MIB,
    waiting: 256 * MIB,
  });
});

test("a small heap is not nothing", () => {
  expect(boundsFor(MIB).channels).toBe(1000);
});

import { describe, expect, it } from "vitest";
import { NameQueue } from "./name-queue.ts";

describe("NameQueue", () => {
  it("gives each name once, in the order in which they came, but for those that were taken out", () => {
    const queue = new NameQueue();
    for (const name of ["a", "b", "a", "c"]) queue.add(name);

    expect([queue.size, queue.delete("b"), queue.delete("b"), queue.has("b")]).toEqual([
      3,
      true,
      false,
      false,
    ]);
    expect([queue.take(), queue.take(), queue.take(), queue.size]).toEqual(["a", "c", undefined, 0]);
  });

  it("takes names that come while others are taken", () => {
    const queue = new NameQueue();
    queue.add("a");
    queue.add("b");
    expect(queue.take()).toBe("a");
    queue.add("a");

    expect([queue.take(), queue.take(), queue.take()]).toEqual(["b", "a", undefined]);
    queue.add("c");
    expect(queue.take()).toBe("c");
  });
});

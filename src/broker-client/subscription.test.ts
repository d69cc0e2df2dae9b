import { describe, expect, it } from "vitest";
import type { Epoch } from "../pubsub/version.ts";
import { Subscription } from "./subscription.ts";

const epoch = (count: number): Epoch => ({ ring: { counter: 1, stateId: "s" }, count });

/** A subscription that has seen everything up to an offset. */
function following(offset = 5): Subscription {
  const subscription = new Subscription("news");
  subscription.ask(1);
  expect(subscription.answer(1, epoch(1), offset, "none")).toBe("following");
  return subscription;
}

describe("Subscription", () => {
  it("does not count what comes before the first answer", () => {
    const subscription = new Subscription("news");
    subscription.ask(1);

    expect(subscription.record(epoch(1), 1)).toBe("too early");
    expect(subscription.seen).toBeUndefined();
  });

  it("delivers exactly the next message, drops repeats, and notices what is missing", () => {
    const subscription = following();

    expect([6, 6, 5, 8, 7, 8].map((offset) => subscription.record(epoch(1), offset))).toEqual([
      "deliver",
      "duplicate",
      "duplicate",
      "missing",
      "deliver",
      "deliver",
    ]);
    expect(subscription.seen).toEqual({ epoch: epoch(1), offset: 8 });
  });

  it("drops what an older log had, and asks where a newer log speaks unannounced", () => {
    const subscription = following();

    expect(subscription.record(epoch(0), 6)).toBe("duplicate");
    expect(subscription.record(epoch(2), 6)).toBe("missing");
  });

  it("takes only the answer to its last question, and that once", () => {
    const subscription = following();
    subscription.ask(2);
    subscription.ask(3);

    expect(subscription.answer(2, epoch(1), 5, "none")).toBe("stale");
    expect(subscription.answered).toBe(false);
    expect(subscription.answer(3, epoch(1), 5, "none")).toBe("following");
    expect(subscription.answer(3, epoch(1), 5, "none")).toBe("stale");
  });

  it("does not believe an answer that says more than came", () => {
    const subscription = following();
    subscription.ask(2);

    expect(subscription.answer(2, epoch(1), 7, "none")).toBe("missing");
    expect(subscription.answer(2, epoch(2), 5, "none")).toBe("missing");
  });

  it("goes on where a gap leaves it", () => {
    const subscription = following();
    subscription.ask(2);

    expect(subscription.answer(2, epoch(2), 0, "new log")).toBe("following");
    expect(subscription.record(epoch(2), 1)).toBe("deliver");
  });
});

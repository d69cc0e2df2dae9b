import { describe, expect, it } from "vitest";
import { BrokenStateError } from "../../runtime/contain.ts";
import { CurrentRing } from "./current-ring.ts";
import { NO_RING, type Ring } from "./ring.ts";

const ring = (counter: number): Ring => ({ ...NO_RING, version: { counter, stateId: "s" } });

describe("The ring of a member", () => {
  it("is the newest that was offered", () => {
    const current = new CurrentRing();

    expect([1, 3, 2].map((counter) => current.offer(ring(counter)))).toEqual([true, true, false]);
    expect(current.version.counter).toBe(3);
  });

  it("is not adopted by half: where somebody cannot, the process must not go on", () => {
    const current = new CurrentRing();
    current.onAdopted(() => {
      throw new Error("a bug");
    });

    expect(() => current.offer(ring(1))).toThrow(BrokenStateError);
  });
});

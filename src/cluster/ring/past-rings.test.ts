import { describe, expect, it } from "vitest";
import { PastRings } from "./past-rings.ts";
import { NO_RING, type Ring } from "./ring.ts";

const member = (id: string) => ({ uri: `ws://${id}:8888`, instanceId: id });

function ringOf(counter: number, brokers: readonly string[], keepers: readonly string[] = []): Ring {
  return {
    ...NO_RING,
    version: { counter, stateId: "s" },
    brokers: brokers.map(member),
    keepers: keepers.map((id) => ({ ...member(id), role: "broker" as const })),
  };
}

describe("A copy that was complete under an older ring", () => {
  const [first, second, third] = [ringOf(1, ["a", "me"]), ringOf(2, ["a"], ["me"]), ringOf(3, ["b"], ["me"])];

  it("may lack something if the owner in between, who has died, may have served without this member", () => {
    const past = new PastRings();
    past.adopted(first, NO_RING);
    past.adopted(second, first);
    past.doneIsSaid("a");
    past.adopted(third, second);

    expect(past.mayLack("news", first.version, "me")).toBe(true);
    expect(past.mayLack("news", second.version, "me")).toBe(false);
  });

  it("lacks nothing if the owner in between never had this member's word, and so never served", () => {
    const past = new PastRings();
    past.adopted(first, NO_RING);
    past.doneIsSaid("a");
    past.adopted(second, first);
    past.adopted(third, second);

    expect(past.mayLack("news", first.version, "me")).toBe(false);
  });

  it("may lack something where the ring in between did not need this member's word", () => {
    const without = ringOf(2, ["a"]);
    const past = new PastRings();
    past.adopted(first, NO_RING);
    past.adopted(without, first);
    past.adopted(third, without);

    expect(past.mayLack("news", first.version, "me")).toBe(true);
  });

  it("lacks nothing while one of the two who held it later is still there", () => {
    const past = new PastRings();
    past.adopted(first, NO_RING);
    past.adopted(ringOf(2, ["a", "b"], ["me"]), first);
    past.doneIsSaid("a");
    past.doneIsSaid("b");
    past.adopted(third, ringOf(2, ["a", "b"], ["me"]));

    expect(past.mayLack("news", first.version, "me")).toBe(false);
  });
});

import { describe, expect, it } from "vitest";
import { broker, join, names, running, settle, worker } from "./test-membership.ts";

describe("A broker that leaves another one alone", () => {
  it("stays while no worker can use that one, which may be about to be given up", () => {
    const membership = running("a", "b");
    membership.joined(worker("w"));
    membership.accuse("w", ["a"]);
    membership.left("b", 20_000);

    expect(membership.next(20_000)).toBeUndefined();

    membership.accuse("w", []);
    const ring = membership.next(20_100);
    expect(names(ring)).toEqual(["a"]);
    expect(ring?.keepers.map(({ instanceId }) => instanceId)).toEqual(["w", "b"]);
  });

  it("keeps what it holds for the one that comes in the place of a broker that is given up meanwhile", () => {
    const membership = running("a", "b");
    membership.joined(worker("w"));
    membership.accuse("w", ["a"]);
    membership.left("b", 20_000);
    expect(membership.next(20_000)).toBeUndefined();

    join(membership, broker("c"), 20_000);
    membership.accuse("c", ["a"]);
    const ring = membership.next(20_000);

    expect(names(ring)).toEqual(["c"]);
    expect(ring?.keepers.map(({ instanceId }) => instanceId)).toEqual(["w", "b"]);
  });

  it("goes all the same when its own time is up, and where there are no workers", () => {
    const membership = running("a", "b");
    membership.joined(worker("w"));
    membership.accuse("w", ["a"]);
    membership.left("b", 20_000);
    expect(membership.next(20_000)).toBeUndefined();
    membership.gone("b");
    expect(names(membership.next(20_100))).toEqual(["a"]);

    const without = running("a", "b");
    without.left("b", 20_000);
    settle(without);
    expect(names(without.next(20_000))).toEqual(["a"]);
  });
});

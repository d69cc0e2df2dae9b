import { describe, expect, it } from "vitest";
import { Membership } from "./membership.ts";
import { broker, delays, join, names, running, settle, worker } from "./test-membership.ts";

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

  it("waits for workers that may still be on their way to a scc-state that was restarted", () => {
    const { ring } = running("a", "b");
    const restarted = new Membership("s2", delays, 100_000);
    for (const name of ["a", "b"]) join(restarted, broker(name), 100_000);
    restarted.heardOf(ring);
    settle(restarted);
    restarted.left("b", 100_100);

    expect(restarted.next(100_100)).toBeUndefined();
    expect(restarted.dueAt(100_100)).toBe(100_000 + delays.startup);
    expect(names(restarted.next(100_000 + delays.startup))).toEqual(["a"]);
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

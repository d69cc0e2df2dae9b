import { describe, expect, it } from "vitest";
import type { Ring } from "../../cluster/ring/ring.ts";
import { followerOf } from "../../cluster/ring/ring.ts";
import { broker, delays, join, names, running, settle, worker } from "./test-membership.ts";

describe("Membership, who shares a ring", () => {
  const keepers = (ring: Ring | undefined): string[] | undefined =>
    ring?.keepers.map(({ instanceId, role }) => `${role} ${instanceId}`);

  it("lets a broker in only when it has links with all that are in, and with those that come with it", () => {
    const membership = running("a", "b");
    for (const name of ["c", "d"]) {
      membership.joined(broker(name));
      membership.verified(name, 10_000);
    }
    membership.linked("c", ["a"]);
    membership.linked("b", ["a", "d"]);
    membership.linked("d", ["a"]);
    expect(names(membership.next(15_000))).toEqual(["a", "b", "d"]);
    settle(membership);
    expect(membership.next(60_000)).toBeUndefined();

    membership.linked("c", ["a", "b", "d"]);
    expect(names(membership.next(60_000))).toEqual(["a", "b", "d", "c"]);
  });

  it("waits for nobody else where no broker is left", () => {
    const membership = running("a");
    membership.lost("a", 20_000);
    membership.lookedAfter("a", "gone", 0);
    join(membership, broker("b"), 20_500);

    expect(names(membership.next(20_500))).toEqual(["b"]);
  });

  it("keeps a broker that leaves for its copies, until the ring is settled", () => {
    const membership = running("a", "b", "c");
    membership.left("a", 20_000);
    const ring = membership.next(20_000);
    expect([names(ring), keepers(ring)]).toEqual([["b", "c"], ["broker a"]]);

    membership.lost("b", 21_000);
    membership.lookedAfter("b", "gone", 0);
    const crashed = membership.next(21_000);
    expect([names(crashed), keepers(crashed)]).toEqual([["c"], ["broker a"]]);
    settle(membership);
    membership.gone("a");
    join(membership, broker("d"), 30_000);
    const after = membership.next(40_000);
    expect([names(after), keepers(after)]).toEqual([["c", "d"], []]);
  });

  it("lets a worker follow the only broker, and keeps it until two brokers have settled", () => {
    const membership = running("a");
    membership.joined(worker("w1"));
    membership.joined(worker("w2"));
    expect(keepers(membership.next(20_000))).toEqual(["worker w1"]);
    expect(membership.next(20_000)).toBeUndefined();
    settle(membership);

    join(membership, broker("b"), 20_000);
    expect(keepers(membership.next(30_000))).toEqual(["worker w1"]);
    settle(membership);
    join(membership, broker("c"), 30_000);
    expect(keepers(membership.next(40_000))).toEqual([]);
  });

  it("takes another worker at once where the one that follows is gone, and not before it may be back", () => {
    const membership = running("a");
    membership.joined(worker("w1"));
    membership.joined(worker("w2"));
    membership.next(20_000);
    membership.lost("w1", 20_000);
    expect(membership.next(20_500)).toBeUndefined();
    membership.accuse("a", ["w1"]);
    expect(keepers(membership.next(20_500))).toEqual(["worker w2"]);

    membership.left("w2", 30_000);
    membership.joined(worker("w3"));
    // Who leaves has the only copies beside the broker's until all is where it belongs.
    const ring = membership.next(30_000 + delays.scaleBack);
    expect(keepers(ring)).toEqual(["worker w3", "worker w2"]);
    expect(followerOf(ring as Ring)?.instanceId).toBe("w3");
  });

  it("lets a keeper that leaves keep its copies where nobody else can, and makes no ring for it", () => {
    const membership = running("a");
    membership.joined(worker("w1"));
    membership.next(20_000);
    membership.left("w1", 30_000);

    expect(membership.next(30_000 + delays.scaleBack)).toBeUndefined();
    expect(followerOf(membership.ring)?.instanceId).toBe("w1");
  });

  it("parts two brokers that cannot reach each other for long, though nobody else complains", () => {
    const membership = running("a", "b", "c");
    membership.accuse("a", ["b"]);
    expect(membership.next(20_000)).toBeUndefined();
    expect(membership.dueAt(20_000)).toBe(23_000);
    expect(membership.next(22_999)).toBeUndefined();
    expect(names(membership.next(23_000))).toEqual(["a", "c"]);
  });

  it("forgets that two brokers could not reach each other once they can", () => {
    const membership = running("a", "b", "c");
    membership.accuse("a", ["b"]);
    membership.next(20_000);
    membership.accuse("a", []);
    membership.next(21_000);
    membership.accuse("a", ["b"]);
    membership.next(22_000);

    expect(membership.next(24_000)).toBeUndefined();
    expect(names(membership.next(25_000))).toEqual(["a", "c"]);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_RING, type Ring } from "../../cluster/ring/ring.ts";
import { compareVersions } from "../../pubsub/version.ts";
import { type Member, Membership } from "./membership.ts";
import { broker, delays, join, names, running, settle, worker } from "./test-membership.ts";

describe("Membership, joins", () => {
  it("waits for its start-up delay and for quiet, and lets all that wait in together", () => {
    const membership = new Membership("s1", delays, 0);
    join(membership, broker("a"), 1000);
    join(membership, broker("b"), 3000);

    expect(membership.next(7999)).toBeUndefined();
    expect(membership.dueAt(4000)).toBe(8000);
    expect(names(membership.next(8000))).toEqual(["a", "b"]);
    expect(membership.ring.version).toEqual({ counter: 1, stateId: "s1" });
    expect(membership.dueAt(8000)).toBe(Infinity);
  });

  it("is not put off for ever by brokers that keep coming", () => {
    const membership = new Membership("s1", delays, 0);
    let rings = 0;
    for (let now = 0; now <= 20_000; now += 1000) {
      join(membership, broker(`b${now}`), now);
      if (membership.next(now)) rings += 1;
    }

    expect(rings).toBe(1);
  });

  it("lets only brokers in that answered at their address", () => {
    const membership = new Membership("s1", delays, 0);
    membership.joined(broker("a"));
    membership.joined(worker("w"));
    membership.verified("w", 0);
    membership.verified("nobody", 0);

    expect(membership.next(60_000)).toBeUndefined();
  });

  it("wait until the last ring is settled, unless no broker is usable", () => {
    const membership = running("a", "b");
    join(membership, broker("c"), 10_000);
    expect(names(membership.next(15_000))).toEqual(["a", "b", "c"]);

    join(membership, broker("d"), 16_000);
    expect(membership.next(60_000)).toBeUndefined();
    settle(membership);
    expect(names(membership.next(60_000))).toEqual(["a", "b", "c", "d"]);
  });

  it("asks a broker again at its address when it hears of a ring that has another there", () => {
    const membership = new Membership("s2", delays, 0);
    join(membership, broker("old", "a"), 1000);
    membership.heardOf(running("a", "b").ring);
    expect(membership.takeDoubtful()).toEqual(["old"]);
    expect(membership.takeDoubtful()).toEqual([]);
    for (const name of ["a", "b"]) membership.joined(broker(name));
    settle(membership);
    expect(membership.next(60_000)).toBeUndefined();

    membership.verified("old", 60_000);
    expect(names(membership.next(70_000))).toEqual(["b", "old"]);
  });

  it("replaces an instance by a new one at the same address", () => {
    const membership = running("a", "b");
    membership.lost("a", 20_000);
    join(membership, broker("a2", "a"), 20_100);

    expect(names(membership.next(25_100))).toEqual(["b", "a2"]);
  });
});

describe("Membership, leaves and crashes", () => {
  it("takes a broker out at once that said goodbye, but keeps the last one listed until another joins", () => {
    const membership = running("a", "b");

    membership.left("a", 0);
    expect(names(membership.next(20_000))).toEqual(["b"]);
    settle(membership);
    membership.left("b", 0);
    expect(membership.next(30_000)).toBeUndefined();
    join(membership, broker("c"), 30_000);
    expect(names(membership.next(35_000))).toEqual(["c"]);
  });

  it("takes a broker out that two cannot use, one of them scc-state", () => {
    const membership = running("a", "b");
    membership.joined(worker("w"));
    membership.lost("a", 20_000);
    membership.accuse("w", ["a"]);

    expect(membership.next(20_999)).toBeUndefined();
    expect(membership.dueAt(20_999)).toBe(21_000);
    expect(names(membership.next(21_000))).toEqual(["b"]);
  });

  it("needs no grace where nobody answers any more, nor a settled ring", () => {
    const membership = running("a", "b");
    join(membership, broker("c"), 20_000);
    membership.next(25_000);
    membership.joined(worker("w"));
    membership.lost("a", 26_000);
    membership.lookedAfter("a", "gone", 0);
    membership.accuse("w", ["a"]);

    expect(names(membership.next(26_000))).toEqual(["b", "c"]);
  });

  it("believes no single member, and none that accuses everybody", () => {
    const membership = running("a", "b", "c");
    for (const name of ["w1", "w2"]) membership.joined(worker(name));
    membership.accuse("w1", ["a", "b", "c"]);
    expect(membership.next(20_000)).toBeUndefined();

    membership.accuse("w2", ["a"]);
    expect(membership.next(20_000)).toBeUndefined();
    membership.accuse("w1", ["a"]);
    expect(names(membership.next(20_000))).toEqual(["b", "c"]);
  });

  it("does not count what a broker says of others as a second voice against it", () => {
    const membership = running("a", "b", "c");
    for (const name of ["w1", "w2"]) membership.joined(worker(name));
    membership.accuse("w1", ["a"]);
    // Not all have seen yet that b crashed.
    membership.accuse("a", ["b"]);
    expect(membership.next(20_000)).toBeUndefined();

    membership.accuse("w2", ["b"]);
    membership.accuse("c", ["b"]);
    expect(names(membership.next(20_000))).toEqual(["a", "c"]);
  });

  it("builds on no ring that leaves it no room to go on", () => {
    const membership = running("a", "b");
    const { ring } = membership;
    const brought = (counter: number) => ({ ...ring, version: { counter, stateId: "s" } });

    expect(membership.heardOf(brought(ring.version.counter + 2 ** 20 + 1))).toBe(false);
    expect(membership.ring).toBe(ring);
    expect(membership.heardOf(brought(ring.version.counter + 2 ** 20))).toBe(true);
  });

  it("gives up all brokers once none of them was heard for long, and no worker can use any", () => {
    const membership = running("a", "b");
    membership.joined(worker("w1"));
    for (const name of ["a", "b"]) membership.lost(name, 20_000);
    membership.accuse("w1", ["a", "b"]);
    join(membership, broker("c"), 22_000);
    membership.linked("c", []);
    membership.joined(worker("w3"));

    expect(membership.next(40_000)).toBeUndefined();
    membership.left("w3", 40_000);
    expect(membership.next(29_999)).toBeUndefined();
    expect(membership.dueAt(29_999)).toBe(30_000);
    expect(names(membership.next(30_000))).toEqual(["c"]);
  });

  it("takes out, of two brokers that cannot use each other, the one that it does not hear itself", () => {
    const membership = running("a", "b");
    membership.lost("a", 20_000);
    membership.lookedAfter("a", "answers", 20_000);
    membership.accuse("b", ["a"]);
    expect(membership.next(20_000)).toBeUndefined();

    expect(membership.dueAt(20_000)).toBe(23_000);
    expect(names(membership.next(23_000))).toEqual(["b"]);
  });

  it("takes workers that share an address for one witness: their host may be at fault", () => {
    const membership = running("a", "b");
    for (const name of ["p1", "p2", "p3"]) membership.joined({ ...worker(name), uri: "ws://w:8000" });
    for (const name of ["p1", "p2", "p3"]) membership.accuse(name, ["a", "b"]);
    expect(membership.next(20_000)).toBeUndefined();
    for (const name of ["p2", "p3"]) membership.accuse(name, ["a"]);
    membership.accuse("p1", []);
    expect(membership.next(20_000)).toBeUndefined();

    membership.joined(worker("w2"));
    membership.accuse("w2", ["a"]);
    expect(names(membership.next(20_000))).toEqual(["b"]);
  });

  it("forgets what a member said when that member is gone, or takes it back", () => {
    const membership = running("a", "b");
    for (const name of ["w1", "w2"]) membership.joined(worker(name));
    membership.accuse("w1", ["a"]);
    membership.accuse("w1", []);
    membership.accuse("w2", ["a"]);
    membership.lost("w2", 20_000);

    expect(membership.next(60_000)).toBeUndefined();
  });

  it("forgives a broker whose connection came back", () => {
    const membership = running("a", "b");
    membership.joined(worker("w"));
    membership.lost("a", 20_000);
    membership.joined(broker("a"));
    membership.accuse("w", ["a"]);

    expect(membership.next(60_000)).toBeUndefined();
  });

  it("keeps the last broker, whoever accuses it, until another joins", () => {
    const membership = running("a");
    for (const name of ["w1", "w2"]) {
      membership.joined(worker(name));
      membership.accuse(name, ["a"]);
    }
    expect(membership.next(20_000)).toBeUndefined();
    join(membership, broker("b"), 20_000);
    expect(names(membership.next(25_000))).toEqual(["b"]);
  });
});

describe("Membership, what scc-state sees for itself", () => {
  const restarted = (...brokers: string[]): Membership => {
    const membership = new Membership("s2", delays, 0);
    membership.heardOf(running(...brokers).ring);
    return membership;
  };

  it("takes a broker out at once that it knew, and where nobody listens any more", () => {
    const membership = running("a", "b", "c");
    membership.joined(worker("w"));
    membership.accuse("w", ["a", "b"]);
    for (const name of ["a", "b"]) {
      membership.lost(name, 20_000);
      membership.lookedAfter(name, "gone", 0);
    }

    expect(names(membership.next(20_000))).toEqual(["c"]);
  });

  it("lets others join in the place of brokers that a restarted scc-state never met and that nobody reaches", () => {
    const membership = restarted("y");
    membership.joined(worker("w"));
    membership.accuse("w", ["y"]);
    join(membership, broker("x"), 6000);
    expect(membership.next(10_999)).toBeUndefined();

    membership.lookedAfter("y", "gone", 0);
    expect(names(membership.next(11_000))).toEqual(["x"]);
  });

  it("does not take it for gone before anybody confirms that", () => {
    const membership = restarted("y", "z");
    membership.joined(broker("z"));
    membership.lookedAfter("y", "gone", 0);
    expect(membership.next(60_000)).toBeUndefined();

    membership.joined(worker("w"));
    membership.accuse("w", ["y"]);
    expect(names(membership.next(60_000))).toEqual(["z"]);
  });

  it("names the brokers that are not here", () => {
    const membership = restarted("y", "z");
    membership.joined(broker("z"));

    expect(membership.absent.map(({ instanceId }) => instanceId)).toEqual(["y"]);
  });

  it("never lists an address twice, whichever came first: the ring or the newcomer", () => {
    const membership = new Membership("s2", delays, 0);
    join(membership, broker("a2", "a"), 0);
    membership.heardOf(running("a", "b").ring);
    membership.joined(broker("b"));
    membership.settled("b", membership.ring.version);
    for (const instanceId of membership.takeDoubtful()) membership.verified(instanceId, 1000);

    expect(names(membership.next(60_000))).toEqual(["b", "a2"]);
  });

  it("does not hold a refused registration against those that come after it", () => {
    const membership = new Membership("s1", delays, 0);
    membership.joined(broker("a"));
    membership.refused("a", 0);
    join(membership, broker("a"), 1000);

    expect(names(membership.next(10_000))).toEqual(["a"]);
  });

  it("does not wait for brokers to settle that talk with another scc-state", () => {
    const membership = restarted("a", "b");
    membership.joined(broker("a"));
    membership.settled("a", membership.ring.version);
    join(membership, broker("c"), 1000);

    expect(names(membership.next(60_000))).toEqual(["a", "b", "c"]);
  });
});

describe("Membership, upstream's workers", () => {
  const upstream = (name: string): Member => ({ ...worker(name), isUpstream: true });

  it("changes the ring to their placement when the first comes, and back when the last has been gone for a while", () => {
    const membership = running("a", "b");
    expect(membership.ring.placement).toBe("rendezvous");

    membership.joined(upstream("u1"));
    membership.upstream.connected("a", 1, 20_000);
    expect(membership.suitsUpstream(20_000)).toBe(false);
    expect(membership.next(20_000)?.placement).toBe("skeletonRendezvous");
    expect(membership.suitsUpstream(20_000)).toBe(false);
    settle(membership);
    expect(membership.suitsUpstream(20_000)).toBe(true);

    membership.joined(upstream("u2"));
    membership.left("u1", 30_000);
    expect(membership.next(60_000)).toBeUndefined();
    membership.lost("u2", 60_000);
    expect(membership.next(64_999)).toBeUndefined();
    expect(membership.dueAt(60_000)).toBe(65_000);
    const back = membership.next(65_000);
    expect([back?.placement, names(back)]).toEqual(["rendezvous", ["a", "b"]]);
  });

  it("waits for the last change to be settled first", () => {
    const membership = running("a");
    join(membership, broker("b"), 10_000);
    membership.next(15_000);
    membership.joined(upstream("u"));
    membership.upstream.connected("a", 1, 15_000);

    expect(membership.next(15_000)).toBeUndefined();
    settle(membership);
    expect(membership.next(15_000)?.placement).toBe("skeletonRendezvous");
  });

  it("keeps their placement after a restart until they had time to return", () => {
    const before: Ring = { ...running("a").ring, placement: "skeletonRendezvous" };
    const membership = new Membership("s2", delays, 0);
    membership.heardOf(before);
    membership.joined(broker("a"));
    membership.settled("a", before.version);

    expect(membership.next(9999)).toBeUndefined();
    expect(membership.next(10_000)?.placement).toBe("rendezvous");
  });
});

describe("Membership, restarts", () => {
  it("continues from the highest ring that any member holds", () => {
    const before = running("a", "b").ring;
    const membership = new Membership("s2", delays, 0);

    expect(membership.heardOf(before)).toBe(true);
    expect(membership.heardOf(before)).toBe(false);
    expect(membership.heardOf(NO_RING)).toBe(false);
    expect(membership.next(60_000)).toBeUndefined();
    membership.joined(broker("a"));
    membership.settled("a", before.version);
    membership.joined(broker("b"));
    membership.settled("b", before.version);
    join(membership, broker("c"), 60_000);
    expect(names(membership.next(65_000))).toEqual(["a", "b", "c"]);
    expect(membership.ring.version).toEqual({ counter: 2, stateId: "s2" });
  });

  it("never makes a version twice, and versions only grow, whatever happens", () => {
    const event = fc.record({
      kind: fc.constantFrom("join", "left", "lost", "accuse", "settle", "heard"),
      who: fc.nat(5),
      whom: fc.nat(5),
      wait: fc.nat(4000),
      state: fc.nat(1),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), (events) => {
        const states = ["s1", "s2"].map((id) => new Membership(id, delays, 0));
        const made = new Map<string, Ring>();
        let now = 0;
        for (const { kind, who, whom, wait, state } of events) {
          now += wait;
          const [mine, other] = [states[state]!, states[1 - state]!];
          const before = mine.ring.version;
          if (kind === "join") join(mine, who < 3 ? broker(`b${who}`) : worker(`w${who}`), now);
          if (kind === "left") mine.left(`b${who}`, now);
          if (kind === "lost") mine.lost(`b${who}`, now);
          if (kind === "accuse") mine.accuse(`w${who}`, [`b${whom}`]);
          if (kind === "settle") settle(mine);
          if (kind === "heard") mine.heardOf(other.ring);
          const ring = mine.next(now);
          if (ring) {
            const name = JSON.stringify(ring.version);
            expect(made.has(name)).toBe(false);
            made.set(name, ring);
            expect(ring.brokers.length).toBeGreaterThan(0);
            expect(new Set(ring.brokers.map(({ uri }) => uri)).size).toBe(ring.brokers.length);
          }
          expect(compareVersions(mine.ring.version, before)).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CurrentRing } from "./current-ring.ts";
import { placementOf, Rendezvous } from "./placement.ts";
import { NO_RING, type PlacementKind, type Ring, type RingMember } from "./ring.ts";

const member = (n: number): RingMember => ({ uri: `ws://10.0.0.${n}:8888`, instanceId: `i${n}` });
const members = (count: number): RingMember[] => Array.from({ length: count }, (_, n) => member(n));
const channels = (count: number): string[] => Array.from({ length: count }, (_, n) => `channel-${n}`);

describe("Rendezvous", () => {
  it("spreads 10,000 names over 4 brokers evenly: largest to smallest share below 1.1", () => {
    const placement = new Rendezvous(members(4));
    const shares = new Map<string, number>();
    for (const channel of channels(10_000)) {
      const { instanceId } = placement.owner(channel)!;
      shares.set(instanceId, (shares.get(instanceId) ?? 0) + 1);
    }

    expect(Math.max(...shares.values()) / Math.min(...shares.values())).toBeLessThan(1.1);
  });

  it("moves only the channels that a new broker takes, at most its share and a little", () => {
    const [before, after] = [new Rendezvous(members(4)), new Rendezvous(members(5))];
    let moved = 0;
    for (const channel of channels(10_000)) {
      const owner = after.owner(channel)!;
      if (owner.instanceId === before.owner(channel)!.instanceId) continue;
      expect(owner.instanceId).toBe("i4");
      moved += 1;
    }

    expect(moved / 10_000).toBeLessThan(0.2 * 1.1);
  });

  it("ranks alike whatever the order of the list, and whoever asks", () => {
    const name = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(name, fc.integer({ min: 1, max: 9 }), (channel, count) => {
        const list = members(count);
        const ranking = new Rendezvous(list.toReversed()).ranking(channel);

        expect(new Rendezvous(list).ranking(channel)).toEqual(ranking);
        expect(new Rendezvous(list).owner(channel)).toBe(ranking[0]);
        expect(new Set(ranking).size).toBe(count);
      }),
    );
  });

  it("makes the follower the owner when the owner goes", () => {
    const list = members(5);
    for (const channel of channels(200)) {
      const [owner, follower] = new Rendezvous(list).ranking(channel);
      const left = list.filter((each) => each !== owner);
      expect(new Rendezvous(left).owner(channel)).toBe(follower);
    }
  });

  it("has no owner for anything without brokers", () => {
    expect(new Rendezvous([]).owner("news")).toBeUndefined();
  });
});

describe("Upstream's placement", () => {
  const require = createRequire(import.meta.url);
  const mapper = (name: string): { setSites(sites: string[]): void; findSite(key: string): string } =>
    new (require(`scc-broker-client/mappers/${name}`))();

  it.each<[PlacementKind, string]>([
    ["skeletonRendezvous", "skeleton-rendezvous-mapper"],
    ["simple", "simple-mapper"],
  ])("%s is that of scc-broker-client, whatever the channel and the number of brokers", (placement, file) => {
    const upstream = mapper(file);
    for (const count of [1, 2, 3, 7, 16, 17, 31, 32, 33, 50]) {
      const brokers = members(count);
      upstream.setSites(brokers.map(({ uri }) => uri).toSorted());
      const ours = placementOf({ ...NO_RING, placement, brokers });
      for (const channel of [...channels(40), "", "__proto__", "\u00fc\u{1f4a5}"]) {
        expect(ours.owner(channel)?.uri, `${channel} on ${count}`).toBe(upstream.findSite(channel));
      }
    }
  });
});

describe("CurrentRing", () => {
  const ring = (counter: number, stateId = "s"): Ring => ({ ...NO_RING, version: { counter, stateId } });

  it("only ever takes newer rings, and tells of each once", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.constantFrom("a", "b"))), (versions) => {
        const current = new CurrentRing();
        const told: Ring[] = [];
        current.onAdopted((adopted) => told.push(adopted));
        for (const [counter, stateId] of versions) current.offer(ring(counter, stateId));

        const counters = told.map(({ version }) => `${version.counter}${version.stateId}`);
        expect(counters).toEqual([...new Set(counters)].toSorted());
      }),
    );
  });

  it("takes no ring that cannot have grown out of its own, and no first one that leaves no room to go on", () => {
    const current = new CurrentRing();
    expect(current.offer(ring(2 ** 32 + 1))).toBe(false);
    expect(current.offer(ring(1000))).toBe(true);

    expect(current.offer(ring(1001 + 2 ** 20))).toBe(false);
    expect(current.version.counter).toBe(1000);
    expect(current.offer(ring(1000 + 2 ** 20))).toBe(true);
    expect(new CurrentRing().offer(ring(2 ** 32))).toBe(true);
  });
});

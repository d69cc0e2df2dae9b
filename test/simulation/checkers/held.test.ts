import { describe, expect, it } from "vitest";
import { placementOf } from "../../../src/cluster/ring/placement.ts";
import type { Ring } from "../../../src/cluster/ring/ring.ts";
import { ChannelLog } from "../../../src/pubsub/channel-log.ts";
import type { Holds } from "../holdings.ts";
import type { OwnerSaid } from "../truth.ts";
import { heldTwice } from "./copies.ts";
import { keepsAll } from "./logs.ts";
import { broker, planted, ringOf } from "./planted.ts";
import { servesAlone } from "./serving.ts";

const BROKERS = [broker(1), broker(2), broker(3)];
const CHANNEL = "news";
const RINGS = [1, 2, 3].map((counter) => ringOf(counter, BROKERS));
const [first, second, third] = RINGS as [Ring, Ring, Ring];
const OWNER = placementOf(first).owner(CHANNEL)!;
const FOLLOWER = placementOf(first).follower(CHANNEL)!;
const OTHER = BROKERS.find(
  ({ instanceId }) => ![OWNER, FOLLOWER].some((each) => each.instanceId === instanceId),
)!;

/** What members hold, as a test plants it. */
class Planted implements Holds {
  now = 1000;
  since = 0;
  readonly logs = new Map<string, ChannelLog | null>();

  ring({ counter }: Ring["version"]) {
    const ring = RINGS.find(({ version }) => version.counter === counter);
    return ring && { ring, placement: placementOf(ring) };
  }

  isListed(instanceId: string): boolean {
    return BROKERS.some((each) => each.instanceId === instanceId);
  }

  heldSince(): number {
    return this.since;
  }

  log(instanceId: string): ChannelLog | null | undefined {
    return this.logs.get(instanceId);
  }

  holds(instanceId: string, count: number, epoch = 1): void {
    const log = new ChannelLog(CHANNEL, { ring: first.version, count: epoch });
    for (let n = 1; n <= count; n++) {
      log.origins.seen("w", n, 0);
      log.append("w", n, Buffer.from("1"), 0);
    }
    this.logs.set(instanceId, count === 0 ? null : log);
  }
}

function said(offset: number, more: Partial<OwnerSaid> = {}): OwnerSaid {
  return {
    by: "b",
    instanceId: OWNER.instanceId,
    version: first.version,
    channel: CHANNEL,
    place: { epoch: { ring: first.version, count: 1 }, offset },
    publication: { origin: "w", sequence: offset },
    ...more,
  };
}

describe("The checker of invariant 2", () => {
  const doneBy = (instanceId: string, { version }: Ring) => ({
    by: instanceId,
    instanceId,
    to: OWNER.instanceId,
    version,
  });
  const all = (checker: ReturnType<typeof planted>["checker"], ring: Ring, but?: string) => {
    for (const { instanceId } of BROKERS)
      if (instanceId !== OWNER.instanceId && instanceId !== but) checker.doneSaid?.(doneBy(instanceId, ring));
  };

  it("sees who serves what the ring gives to another", () => {
    const { checker, found } = planted(servesAlone(new Planted()));
    all(checker, first);
    checker.ownerSaid?.(said(1));
    expect(found).toEqual([]);

    checker.ownerSaid?.(said(1, { instanceId: FOLLOWER.instanceId }));
    expect(found[0]).toContain("which gives it to");
  });

  it("sees who serves before all others have said what they hold", () => {
    const { checker, found } = planted(servesAlone(new Planted()));
    all(checker, first, OTHER.instanceId);
    checker.ownerSaid?.(said(1));

    expect(found[0]).toContain(`before ${OTHER.uri} said what they hold`);
  });

  it("sees who serves under a ring after it was done with that, unless it was due in the same turn", () => {
    const holds = new Planted();
    const { checker, found } = planted(servesAlone(holds));
    all(checker, first);
    checker.doneSaid?.({ ...doneBy(OWNER.instanceId, second), to: FOLLOWER.instanceId });
    checker.ownerSaid?.(said(1));
    expect(found).toEqual([]);

    holds.now += 5;
    checker.ownerSaid?.(said(1));
    expect(found[0]).toContain("after it was done with that");
  });
});

describe("The checker of invariant 4", () => {
  it.each([
    ["the follower lacks the last message", 3, 2],
    ["the follower has no log", 3, 0],
    ["the owner itself lacks it", 2, 3],
  ])("sees that %s", (_, owner, follower) => {
    const holds = new Planted();
    holds.holds(OWNER.instanceId, owner);
    holds.holds(FOLLOWER.instanceId, follower);
    const { checker, found } = planted(heldTwice(holds));
    checker.ownerSaid?.(said(3));

    expect(found.length).toBeGreaterThan(0);
  });

  it("sees a confirmation of what only the owner has", () => {
    const holds = new Planted();
    holds.holds(OWNER.instanceId, 3);
    holds.holds(FOLLOWER.instanceId, 2);
    const { checker, found } = planted(heldTwice(holds));
    checker.ownerSaid?.(said(3, { place: undefined }));
    expect(found).toHaveLength(1);

    // In a turn in which the owner came to another ring it may have been due before.
    holds.since = holds.now;
    checker.ownerSaid?.(said(3, { place: undefined }));
    expect(found).toHaveLength(1);
  });

  it("asks nobody who is no more, and is content where both have it", () => {
    const holds = new Planted();
    holds.holds(OWNER.instanceId, 3);
    const { checker, found } = planted(heldTwice(holds));
    checker.ownerSaid?.(said(3));
    holds.holds(FOLLOWER.instanceId, 4);
    checker.ownerSaid?.(said(3));

    expect(found).toEqual([]);
  });
});

describe("The checker of invariant 5", () => {
  const never = { now: () => false, under: () => false };

  it.each([
    ["goes on with fewer messages", 2, 1],
    ["is none", 0, 1],
    ["was opened anew while the old one was fresh", 3, 2],
  ])("sees that a log %s under the next ring", (_, count, epoch) => {
    const holds = new Planted();
    const { checker, found } = planted(keepsAll(holds, never));
    checker.ownerSaid?.(said(3));
    holds.holds(OWNER.instanceId, count, epoch);
    checker.ownerSaid?.(said(3, { version: second.version }));

    expect(found).toHaveLength(1);
  });

  it("does not mind where copies were lost, or the log is as old as to be forgotten", () => {
    for (const excuse of [{ ...never, now: () => true }, { ...never, under: () => true }, never]) {
      const holds = new Planted();
      const { checker, found } = planted(keepsAll(holds, excuse));
      checker.ownerSaid?.(said(3));
      if (excuse === never) holds.now += 60_000;
      holds.holds(OWNER.instanceId, 1, 2);
      const place = { epoch: { ring: first.version, count: 2 }, offset: 1 };
      checker.ownerSaid?.(said(1, { version: second.version, place }));
      // What was lost then is not asked for again.
      checker.ownerSaid?.(said(1, { version: third.version, place }));

      expect(found).toEqual([]);
    }
  });

  it("does not mind a new log in the place of one that nobody published to", () => {
    const holds = new Planted();
    const { checker, found } = planted(keepsAll(holds, never));
    checker.ownerSaid?.(said(0));
    holds.holds(OWNER.instanceId, 1, 2);
    checker.ownerSaid?.(said(0, { version: second.version }));

    expect(found).toEqual([]);
  });

  it("is content with a log that has all that was said, and more", () => {
    const holds = new Planted();
    const { checker, found } = planted(keepsAll(holds, never));
    checker.ownerSaid?.(said(3));
    holds.holds(OWNER.instanceId, 5);
    checker.ownerSaid?.(said(3, { version: second.version }));

    expect(found).toEqual([]);
  });
});

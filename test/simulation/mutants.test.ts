import { afterEach, describe, expect, it, vi } from "vitest";
import { CopyStream } from "../../src/broker/owner/copy-stream.ts";
import { Handover } from "../../src/broker/owner/handover.ts";
import { Subscription } from "../../src/broker-client/subscription.ts";
import { Unconfirmed } from "../../src/broker-client/unconfirmed.ts";
import { LinkRing } from "../../src/cluster/peer/link-ring.ts";
import { Pulse } from "../../src/link/pulse.ts";
import { ChannelLog } from "../../src/pubsub/channel-log.ts";
import { Origins } from "../../src/pubsub/origins.ts";
import type { Profile } from "./plan.ts";
import { World } from "./world.ts";

/** Worlds that are looked at before a mutant counts as unseen. */
const SEEDS = 40;

/** What is found first in worlds whose machinery lacks something. */
async function findings(profile: Profile): Promise<Set<number>> {
  const invariants = new Set<number>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { finding } = await new World({ profile, seed, allowGaps: true }).run();
    if (finding) invariants.add(finding.invariant);
  }
  return invariants;
}

describe("A world sees that", { timeout: 240_000 }, () => {
  afterEach(() => void vi.restoreAllMocks());

  it("what an owner is sent is not copied", async () => {
    vi.spyOn(CopyStream.prototype, "copy").mockImplementation((owned, entry, publisher, position) => {
      owned.log.advance(entry.offset);
      for (const subscriber of owned.subscribers)
        subscriber.appended(owned, entry, subscriber === publisher ? position : undefined);
      if (publisher !== undefined && !owned.subscribers.has(publisher as never))
        publisher.heldTwice(position);
    });

    expect(await findings("none")).toEqual(new Set([4]));
  });

  it("what is not held twice yet is shown in answers", async () => {
    vi.spyOn(ChannelLog.prototype, "stable", "get").mockImplementation(function (this: ChannelLog) {
      return this.last;
    });

    expect(await findings("links")).toContain(4);
  });

  it("what others say under another ring is taken", async () => {
    vi.spyOn(LinkRing.prototype, "isSame", "get").mockReturnValue(true);

    expect((await findings("members")).size).toBeGreaterThan(0);
  });

  it("an owner serves before all others have said what they hold", async () => {
    vi.spyOn(Handover.prototype, "isComplete", "get").mockReturnValue(true);

    expect(await findings("members")).toContain(2);
  });

  it("of two copies the one with the lower rank is taken", async () => {
    const offered = Handover.prototype.offered;
    vi.spyOn(Handover.prototype, "offered").mockImplementation(function (this: Handover, channel, offer) {
      offered.call(this, channel, { ...offer, rank: { counter: 1e6 - offer.rank.counter, stateId: "" } });
    });

    expect(await findings("partitions")).toContain(5);
  });

  it("a better copy elsewhere is left there", async () => {
    vi.spyOn(Handover.prototype, "better").mockReturnValue(undefined);

    expect((await findings("members")).size).toBeGreaterThan(0);
  });

  it("repeats are not dropped", async () => {
    const seen = Origins.prototype.seen;
    vi.spyOn(Origins.prototype, "seen").mockImplementation(function (this: Origins, ...given) {
      seen.apply(this, given);
      return false;
    });

    expect(await findings("links")).toContain(7);
  });

  it("what is unconfirmed is not sent again", async () => {
    vi.spyOn(Unconfirmed.prototype, "inOrder").mockImplementation(() => [].values());

    expect(await findings("links")).toContain(8);
  });

  it("what is unconfirmed is sent again in another order", async () => {
    const inOrder = Unconfirmed.prototype.inOrder;
    vi.spyOn(Unconfirmed.prototype, "inOrder").mockImplementation(function (this: Unconfirmed) {
      return [...inOrder.call(this)].toReversed().values();
    });
    const found = await findings("members");

    expect(found.has(10) || found.has(8)).toBe(true);
  });

  it("a broken subscription does not say what it has seen", async () => {
    vi.spyOn(Subscription.prototype, "seen", "get").mockReturnValue(undefined);

    expect((await findings("links")).size).toBeGreaterThan(0);
  });

  it("an owner does not give what was missed, and nobody minds", async () => {
    vi.spyOn(ChannelLog.prototype, "since").mockReturnValue({ entries: [] });
    const answer = Subscription.prototype.answer;
    vi.spyOn(Subscription.prototype, "answer").mockImplementation(function (this: Subscription, ...given) {
      const outcome = answer.apply(this, given);
      return outcome === "missing" ? "following" : outcome;
    });
    vi.spyOn(Subscription.prototype, "record").mockReturnValue("deliver");

    expect(await findings("links")).toContain(6);
  });

  it("nobody notices who has fallen silent", async () => {
    vi.spyOn(Pulse.prototype, "beat").mockReturnValue(true);

    expect((await findings("partitions")).size).toBeGreaterThan(0);
  });
});

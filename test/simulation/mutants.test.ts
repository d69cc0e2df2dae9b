import { afterEach, describe, expect, it, vi } from "vitest";
import { Subscription } from "../../src/cluster/subscription.ts";
import { Pulse } from "../../src/link/pulse.ts";
import { Unconfirmed } from "../../src/link/unconfirmed.ts";
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

describe("A world sees that", () => {
  afterEach(() => void vi.restoreAllMocks());

  it("repeats are not dropped", async () => {
    vi.spyOn(Origins.prototype, "seen").mockReturnValue(false);

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

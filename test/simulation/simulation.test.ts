import { describe, expect, it } from "vitest";
import type { Checker } from "./checker.ts";
import type { Profile } from "./plan.ts";
import { explain } from "./runs.ts";
import { World } from "./world.ts";

/** Fresh seeds are drawn until so many steps were taken, over all profiles that hold. */
const FRESH_STEPS = 300_000;
const FIXED_SEEDS = 40;
const DEADLINE_MS = 240_000;

/** Faults under which nothing may be found. */
const HOLDS: readonly Profile[] = ["none", "links", "state", "members", "partitions"];

/** Worlds in which something was found once, and mended. */
const MENDED: readonly { readonly profile: Profile; readonly seed: number; readonly was: string }[] = [
  { profile: "members", seed: 5, was: "a worker that kept the only copies left before another had them" },
  { profile: "members", seed: 39, was: "two brokers dialled each other, and none of the two links stayed" },
  { profile: "members", seed: 44, was: "a log was forgotten while its subscribers were on their way back" },
  { profile: "members", seed: 127, was: "what a broker was in its last life accused others in the next" },
  {
    profile: "members",
    seed: 154,
    was: "a broker that was not in the ring yet accused a worker of not coming",
  },
  { profile: "members", seed: 185, was: "a broker that left was let go because the owner was dead" },
  { profile: "members", seed: 237, was: "a broker that complained of two others was removed for it" },
  { profile: "members", seed: 260, was: "a worker that kept the only copies left while the broker was gone" },
  {
    profile: "partitions",
    seed: 126,
    was: "the last broker was replaced because only scc-state did not hear it",
  },
  { profile: "partitions", seed: 493, was: "a worker that kept copies was given up within its grace" },
  {
    profile: "partitions",
    seed: 603,
    was: "an owner counted on copies that its follower had let go of under a ring in between",
  },
  { profile: "all", seed: 76, was: "a broker on a dead host stayed listed, with one accuser" },
  { profile: "all", seed: 93, was: "scc-state woke up and removed live brokers without grace" },
  { profile: "all", seed: 123, was: "a copy was thrown away for what a frozen owner cannot have served" },
  { profile: "all", seed: 192, was: "two scc-states fought over which worker keeps copies" },
  { profile: "all", seed: 244, was: "a dead keeper, never heard by this scc-state, was never given up" },
  { profile: "all", seed: 524, was: "a stale copy was gone on with, after both newer ones were lost" },
  { profile: "all", seed: 683, was: "a worker with the only copies left while scc-state was away" },
  { profile: "all", seed: 908, was: "a worker that was accused had fewer against it than its address had" },
  { profile: "all", seed: 946, was: "the last broker left before a worker had what it held" },
  {
    profile: "all",
    seed: 1207,
    was: "a log that somebody waited for was opened anew when it was handed over",
  },
  { profile: "all", seed: 1315, was: "a broker left because all links were broken for a moment" },
  { profile: "all", seed: 1_001_083, was: "a keeper left while its broker's host was dead and silent" },
  {
    profile: "all",
    seed: 1_003_157,
    was: "a broker without copies left before others could conclude from that",
  },
  { profile: "all", seed: 1_003_960, was: "as many hosts had died as there were to accuse them" },
  { profile: "all", seed: 1_004_611, was: "the last broker left to a follower that had just died" },
  { profile: "partitions", seed: 1_006_306, was: "a worker kept copies that had missed a ring" },
  { profile: "all", seed: 2_000_140, was: "of two brokers at odds the one that scc-state heard was removed" },
  {
    profile: "all",
    seed: 1_005_343,
    was: "who had been at an address before was taken for newer than the ring",
  },
  {
    profile: "all",
    seed: 3_002_645,
    was: "scc-state woke up and judged by what it knew before it stood still",
  },
  {
    profile: "all",
    seed: 3_002_687,
    was: "scc-state woke up and read an accusation before it was taken back",
  },
  {
    profile: "all",
    seed: 5_001_702,
    was: "a broker left before others had what it kept, since no worker needed it",
  },
  {
    profile: "all",
    seed: 8_002_560,
    was: "a broker left before others had what it kept, since it reached none of them",
  },
  { profile: "partitions", seed: 9_100_208, was: "a broker that one worker could not use was removed" },
  { profile: "partitions", seed: 9_102_912, was: "a broker was let back in before it heard that it was out" },
  { profile: "all", seed: 9_202_386, was: "a broker never came in that two scc-states had not agreed on" },
  { profile: "members", seed: 9_300_283, was: "a broker left another one alone that nobody could use" },
  { profile: "all", seed: 9_701_994, was: "a broker left another one alone before workers had come back" },
];

async function check(profile: Profile, seed: number): Promise<number> {
  const outcome = await new World({ profile, seed }).run();
  if (outcome.finding) expect.fail(await explain(outcome, { profile }));
  return outcome.steps;
}

describe("A simulated cluster", () => {
  it.for(HOLDS)(
    "keeps every promise in the fixed worlds with faults: %s",
    { timeout: DEADLINE_MS },
    async (profile) => {
      for (let seed = 1; seed <= FIXED_SEEDS; seed++) await check(profile, seed);
    },
  );

  it("keeps every promise in worlds that nobody has seen", { timeout: DEADLINE_MS }, async () => {
    let seed = Math.floor(Math.random() * 2 ** 40);
    for (let steps = 0; steps < FRESH_STEPS; seed++) {
      for (const profile of HOLDS) steps += await check(profile, seed);
    }
  });

  it("keeps every promise where it once did not", async () => {
    for (const { profile, seed } of MENDED) await check(profile, seed);
  });

  it("is the same each time for a seed, to the last event", async () => {
    const traces = [[], []] as [string[], string[]];
    for (const lines of traces) {
      await new World({ profile: "all", seed: 21, allowGaps: true, trace: (line) => lines.push(line) }).run();
    }

    expect(traces[0].length).toBeGreaterThan(1000);
    expect(traces[1]).toEqual(traces[0]);
  });

  it("lets a checker look into each member after each of its steps", async () => {
    const seen = new Set<string>();
    let most = 0;
    const checkers = [
      (): Checker => ({
        invariant: 2,
        stepped(member, { brokers }) {
          seen.add(member.constructor.name);
          for (const { service } of brokers) most = Math.max(most, service.owner.messageCount);
        },
      }),
    ];
    await new World({ profile: "links", seed: 1, checkers }).run();

    expect([...seen].toSorted()).toEqual(["BrokerMember", "StateMember", "WorkerMember"]);
    expect(most).toBeGreaterThan(0);
  });

  it("takes place at all: messages are published, confirmed and troubled", async () => {
    const sums = { published: 0, confirmed: 0, faults: 0 };
    for (let seed = 1; seed <= 5; seed++) {
      const outcome = await new World({ profile: "links", seed }).run();
      for (const key of ["published", "confirmed", "faults"] as const) sums[key] += outcome[key];
    }

    expect(sums.published).toBeGreaterThan(500);
    // A few are refused where a window is full.
    expect(sums.confirmed).toBeGreaterThan(0.95 * sums.published);
    expect(sums.faults).toBeGreaterThan(10);
  });
});

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
const HOLDS: readonly Profile[] = ["none", "links", "state"];

/** Seeds in which something was found once, and mended. */
const MENDED: readonly { readonly profile: Profile; readonly seed: number; readonly was: string }[] = [];

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

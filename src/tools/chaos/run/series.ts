import { canTellDiallers } from "../faults/dialler.ts";
import { type Conditions, keyOf, type RunRecord } from "../results/record.ts";
import { type Need, type Plan, planOf, type Scenario, type Wishes } from "../scenarios/scenario.ts";
import type { SystemTemplate } from "../system/template.ts";

/** What is to be run, how often, and how. */
export interface SeriesOptions {
  readonly scenarios: readonly Scenario[];
  /** Runs of each, those counted that there are already. */
  readonly runs: number;
  readonly rate: number;
  readonly channels: number;
  readonly system: string;
  readonly wishes: Omit<Wishes, "seed">;
  /** Of the first run of each scenario; the next have the following. */
  readonly seed: number;
}

/** One run that is still to be made. */
export interface Due {
  readonly scenario: Scenario;
  /** From 1 on. */
  readonly number: number;
  readonly plan: Plan;
  readonly conditions: Conditions;
  readonly seed: number;
}

/** The conditions under which a scenario is run. */
export function conditionsOf(
  scenario: Scenario,
  options: Omit<SeriesOptions, "scenarios" | "runs">,
): Conditions {
  const { rate, channels, system, wishes } = options;
  return {
    scenario: scenario.name,
    system,
    rate,
    channels,
    brokers: wishes.brokers ?? scenario.brokers,
    workers: wishes.workers ?? scenario.workers,
    publishMs: planOf(scenario, { ...wishes, seed: 0 }).publishMs,
  };
}

/** What is still to be run: the first runs of all scenarios, then the second ones, so that early results cover all. */
export function dueRuns(options: SeriesOptions, done: readonly RunRecord[]): Due[] {
  const { scenarios, runs, wishes, seed } = options;
  const made = new Map<string, number>();
  for (const record of done) made.set(keyOf(record), (made.get(keyOf(record)) ?? 0) + 1);
  const due: Due[] = [];
  for (let number = 1; number <= runs; number++) {
    for (const scenario of scenarios) {
      const conditions = conditionsOf(scenario, options);
      if (number <= (made.get(keyOf(conditions)) ?? 0)) continue;
      const own = seed + number - 1;
      due.push({ scenario, number, conditions, seed: own, plan: planOf(scenario, { ...wishes, seed: own }) });
    }
  }
  return due;
}

/** What a scenario needs and is not there; undefined if it can be run here. */
export function missingFor(
  { needs = [] }: Scenario,
  { processes, name }: SystemTemplate,
): string | undefined {
  const missing: Readonly<Record<Need, string | undefined>> = {
    diallers: canTellDiallers()
      ? undefined
      : "this system does not tell which process a connection comes from",
    "upstream-worker": processes.some(({ role }) => role === "upstream-worker")
      ? undefined
      : `${name} has no upstream-worker (for ours: npm install socketcluster-server scc-broker-client)`,
  };
  return needs.map((need) => missing[need]).find((what) => what !== undefined);
}

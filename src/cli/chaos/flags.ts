import { ConfigError } from "../../runtime/errors.ts";
import { missingFor, type SeriesOptions } from "../../tools/chaos/run/series.ts";
import { type Scenario, whyNot } from "../../tools/chaos/scenarios/scenario.ts";
import { SCENARIOS, scenarioNamed } from "../../tools/chaos/scenarios/scenarios.ts";
import { ourSystem } from "../../tools/chaos/system/ours.ts";
import { readSystem, type SystemTemplate } from "../../tools/chaos/system/template.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** What the command line gives; times are ms. */
export interface ChaosFlags {
  readonly rate: number;
  readonly channels: number;
  readonly brokers?: number;
  readonly workers?: number;
  readonly runs: number;
  readonly out?: string;
  readonly system?: string;
  readonly duration?: number;
  readonly seed?: number;
  readonly logs?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

/** What is run, on what, and which scenarios were left out of all of them, and why. */
export interface Asked {
  readonly series: SeriesOptions;
  readonly template: SystemTemplate;
  readonly leftOut: readonly string[];
}

const MOST_SEED = 2 ** 31;

/**
 * Reads what was asked for. Scenarios that were named must be possible; of all of them, which is what no name means,
 * those that are not possible are left out.
 *
 * @throws {ConfigError} with everything that is wrong
 */
export function asked(
  names: readonly string[],
  flags: ChaosFlags,
  world: { entry: string; env: Env },
): Asked {
  const template = flags.system === undefined ? ourSystem(world.entry, world.env) : readSystem(flags.system);
  const wishes = { brokers: flags.brokers, workers: flags.workers, durationMs: flags.duration };
  const reasonFor = (scenario: Scenario): string | undefined =>
    whyNot(scenario, wishes) ?? missingFor(scenario, template);
  const wanted =
    names.length === 0 ? SCENARIOS : [...new Set(names)].flatMap((name) => scenarioNamed(name) ?? []);
  const unknown = names.filter((name) => scenarioNamed(name) === undefined);
  const problems = unknown.map((name) => `there is no scenario ${name}: see scc chaos --list`);
  const fixed = wanted.filter(({ durationMs }) => durationMs === undefined).map(({ name }) => name);
  if (names.length > 0 && flags.duration !== undefined && fixed.length > 0)
    problems.push(`--duration: the length of ${fixed.join(", ")} is fixed`);
  const leftOut: string[] = [];
  const scenarios = wanted.filter((scenario) => {
    const reason = reasonFor(scenario);
    if (reason !== undefined) (names.length > 0 ? problems : leftOut).push(`${scenario.name}: ${reason}`);
    return reason === undefined;
  });
  if (problems.length > 0) throw new ConfigError(problems);
  const { rate, channels, runs } = flags;
  const seed = flags.seed ?? Math.floor(Math.random() * MOST_SEED);
  return {
    template,
    leftOut,
    series: { scenarios, runs, rate, channels, wishes, seed, system: template.name },
  };
}

import { SccError } from "../../runtime/errors.ts";
import { describe } from "../../runtime/log.ts";
import { isGood, keyOf, type RunRecord } from "../../tools/chaos/results/record.ts";
import { ResultFile } from "../../tools/chaos/results/result-file.ts";
import { rowsOf, toTable } from "../../tools/chaos/results/scoreboard.ts";
import { run } from "../../tools/chaos/run/run.ts";
import { conditionsOf, type Due, dueRuns } from "../../tools/chaos/run/series.ts";
import { SCENARIOS } from "../../tools/chaos/scenarios/scenarios.ts";
import { stopOnSignals } from "../stop-on-signals.ts";
import { type Asked, asked, type ChaosFlags, type Env } from "./flags.ts";
import { ChaosView } from "./view.ts";

export interface ChaosWorld {
  readonly env: Env;
  /** The program that knows `state`, `broker` and `worker`. */
  readonly entry: string;
}

/** Exit codes: nothing lost, doubled or reordered; something was, or a run failed; stopped by a signal. */
export type Outcome = 0 | 1 | 130;

/**
 * Makes the runs that were asked for and are not in the file yet, and shows the scoreboard.
 *
 * @throws {ConfigError} if it cannot work; nothing has been started then
 */
export async function runChaos(
  names: readonly string[],
  flags: ChaosFlags,
  world: ChaosWorld,
): Promise<Outcome> {
  if (flags.list) return await list(flags);
  const wanted = asked(names, flags, world);
  const file = flags.out === undefined ? undefined : ResultFile.open(flags.out);
  const records: RunRecord[] = [...(file?.records ?? [])];
  const due = dueRuns(wanted.series, records);
  const view = new ChaosView(process.stderr, world.env.TERM === "dumb" || flags.json === true, due.length);
  for (const reason of wanted.leftOut) view.say(`left out: ${reason}`);
  const signal = stopOnSignals();
  let failed = 0;
  for (const each of due) {
    if (signal.aborted) break;
    const record = await oneRun(each, wanted, { flags, world, view, signal });
    if (record === undefined) failed += 1;
    else {
      file?.add(record);
      records.push(record);
    }
  }
  view.end();
  const shown = ofThisSeries(records, wanted);
  await show(shown, flags, world.env);
  if (signal.aborted) return 130;
  return failed === 0 && shown.every(isGood) ? 0 : 1;
}

interface Surroundings {
  readonly flags: ChaosFlags;
  readonly world: ChaosWorld;
  readonly view: ChaosView;
  readonly signal: AbortSignal;
}

/** @returns undefined if the run could not be made to its end: then the next may */
async function oneRun(due: Due, { template }: Asked, around: Surroundings): Promise<RunRecord | undefined> {
  const { flags, world, view, signal } = around;
  view.begins(due);
  try {
    const { plan, conditions, seed } = due;
    const { logs } = flags;
    const record = await run({
      ...{ plan, conditions, seed, template, signal, observer: view, path: world.env.PATH },
      logs: logs === undefined ? undefined : `${logs}/${due.scenario.name}-${due.number}`,
    });
    view.ended(record);
    return record;
  } catch (error) {
    if (signal.aborted) return undefined;
    if (!(error instanceof SccError)) throw error;
    view.say(`  failed: ${describe(error)}`);
    return undefined;
  }
}

/** Runs of what was asked for; the file may hold others. */
function ofThisSeries(records: readonly RunRecord[], { series }: Asked): RunRecord[] {
  const keys = series.scenarios.map((scenario) => keyOf(conditionsOf(scenario, series)));
  return keys.flatMap((key) => records.filter((record) => keyOf(record) === key));
}

async function list({ json = false }: ChaosFlags): Promise<0> {
  const entries = SCENARIOS.map(({ name, about, brokers, workers }) => ({ name, about, brokers, workers }));
  const width = Math.max(...entries.map(({ name }) => name.length));
  const lines = entries.map(({ name, about }) => `${name.padEnd(width)}  ${about}`);
  await print(json ? JSON.stringify(entries, null, 2) : lines.join("\n"));
  return 0;
}

async function show(records: readonly RunRecord[], { json = false }: ChaosFlags, env: Env): Promise<void> {
  const rows = rowsOf(records);
  const colours = process.stdout.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  if (json) await print(JSON.stringify({ scoreboard: rows, runs: records }, null, 2));
  else if (rows.length > 0) await print(toTable(rows, colours));
}

/** The process ends next, and must not cut off what a pipe has not taken yet. */
async function print(text: string): Promise<void> {
  await new Promise((resolve) => process.stdout.write(`${text}\n`, resolve));
}

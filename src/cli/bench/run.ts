import { writeFileSync } from "node:fs";
import { ConfigError } from "../../runtime/errors.ts";
import { runLoad } from "../../tools/bench/load.ts";
import { toHtml } from "../../tools/bench/report/html.ts";
import { toJson } from "../../tools/bench/report/json.ts";
import { isFaultless, type Measured } from "../../tools/bench/report/measured.ts";
import { toText } from "../../tools/bench/report/text.ts";
import { planOf, type Scenario } from "../../tools/bench/scenarios.ts";
import { stopOnSignals } from "../stop-on-signals.ts";
import { type BenchFlags, checkFlags, type Env, secretsOf, urlsOf, wishesOf } from "./flags.ts";
import { LocalCluster } from "./local-cluster.ts";
import { ProgressLine } from "./progress.ts";
import { tokensFor } from "./tokens.ts";
import { Watch } from "./watch.ts";

export interface BenchWorld {
  readonly env: Env;
  /** The program that knows `state`, `broker` and `worker`. */
  readonly entry: string;
}

/** Exit codes: faultless, not, stopped by a signal. */
export type Outcome = 0 | 1 | 130;

/**
 * Runs a load as the flags say and shows what came of it.
 *
 * @throws {ConfigError} if it cannot work; nothing has been started then
 * @throws {LoadError} if it cannot be measured
 */
export async function runBench(scenario: Scenario, flags: BenchFlags, world: BenchWorld): Promise<Outcome> {
  checkFlags(scenario, flags);
  const secrets = secretsOf(flags, world.env);
  if (flags.html !== undefined) writePage(flags.html, "");
  const stop = stopOnSignals();
  const progress = new ProgressLine(process.stderr, world.env.TERM === "dumb");
  const cluster = await startServers(scenario, flags, world, secrets.authKey, progress);
  try {
    const wishes = wishesOf(flags, cluster?.urls ?? urlsOf(flags), world.env);
    const asked = planOf(scenario, wishes);
    const authToken = await tokensFor(asked.subscribers + asked.publishers, secrets);
    const plan = { ...asked, authToken };
    const watch = new Watch(cluster?.pids ?? flags.pid ?? []);
    const at = new Date().toISOString();
    const load = runLoad(plan, {
      connecting: () => watch.look("before"),
      connected: () => watch.look("connected"),
      windowOpens: () => watch.look("opened"),
      windowCloses: () => watch.look("closed"),
      progress: (now) => progress.show(now),
      stop,
    });
    const result = await (cluster === undefined ? load : Promise.race([load, cluster.failed]));
    progress.end();
    const measured = { scenario, plan, result, usage: watch.usage, stopped: stop.aborted, at };
    await show(measured, flags, world.env);
    if (stop.aborted) return 130;
    return isFaultless(measured) ? 0 : 1;
  } finally {
    progress.end();
    await cluster?.stop();
  }
}

async function startServers(
  scenario: Scenario,
  { local = false, workers, brokers }: BenchFlags,
  { env, entry }: BenchWorld,
  authKey: string | undefined,
  progress: ProgressLine,
): Promise<LocalCluster | undefined> {
  if (!local) return undefined;
  const wanted = workers ?? (scenario === "cluster" ? 2 : 1);
  progress.say("starting servers");
  const options = { ...optionsIn(env), ...(authKey === undefined ? {} : { authKey }) };
  const withKey = { ...env, SOCKETCLUSTER_OPTIONS: JSON.stringify(options) };
  return await LocalCluster.start(wanted, brokers ?? (wanted === 1 ? 0 : 1), entry, withKey);
}

/** Options that the user gives all workers. What is no JSON they refuse themselves. */
function optionsIn({ SOCKETCLUSTER_OPTIONS: text }: Env): object {
  if (!text) return {};
  try {
    return JSON.parse(text) as object;
  } catch (error) {
    throw new ConfigError([`SOCKETCLUSTER_OPTIONS: ${(error as Error).message}`]);
  }
}

async function show(measured: Measured, { json = false, html }: BenchFlags, env: Env): Promise<void> {
  if (html !== undefined) writePage(html, toHtml(measured));
  const colours = process.stdout.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
  const text = json ? toJson(measured) : toText(measured, colours);
  // The process ends next, and must not cut off what a pipe has not taken yet.
  await new Promise((resolve) => process.stdout.write(`${text}\n`, resolve));
}

/** Tried before the run too, so that no result is lost for a wrong name. */
function writePage(file: string, page: string): void {
  try {
    writeFileSync(file, page);
  } catch (error) {
    throw new ConfigError([`--html: ${(error as Error).message}`]);
  }
}

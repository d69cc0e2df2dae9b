import { readConfig, type Settings } from "../../runtime/config/config.ts";
import { ConfigError } from "../../runtime/errors.ts";
import { PlainView } from "./plain-view.ts";
import { type Env, planCluster, portNeeds, type ServiceName, type ServicePlan, type Wishes } from "./plan.ts";
import { checkPorts } from "./ports.ts";
import { type Outcome, Supervisor } from "./supervisor.ts";
import { TerminalView } from "./terminal-view.ts";
import type { View } from "./view.ts";

/** Signals closer together than this are one wish to stop: npm passes on what the terminal sent already. */
const SAME_WISH_MS = 500;

export interface UpOptions extends Wishes {
  readonly verbose: boolean;
}

/**
 * Runs a cluster on this machine until it is told to stop.
 *
 * @param entry the program that knows `state`, `broker` and `worker`
 * @throws {ConfigError} if it cannot work; nothing has been started then
 */
export async function runUp(options: UpOptions, entry: string, env: Env): Promise<Outcome> {
  const plans = planCluster(options, env);
  await checkSettings(plans);
  await checkPorts(portNeeds(plans));

  const view = createView(options.verbose, env);
  const supervisor = new Supervisor(plans, entry, view);
  stopOnSignals(supervisor);
  supervisor.start();
  const outcome = await supervisor.outcome;
  view.close();
  return outcome;
}

/** A value that every service would refuse is refused once, here. */
async function checkSettings(plans: readonly ServicePlan[]): Promise<void> {
  const tables: Readonly<Record<ServiceName, Settings>> = {
    "scc-state": (await import("../../state/config.ts")).stateSettings,
    "scc-broker": (await import("../../broker/config.ts")).brokerSettings,
    "scc-worker": (await import("../../worker/config.ts")).workerSettings,
  };
  const problems = new Set(plans.flatMap(({ service, env }) => problemsOf(tables[service], env)));
  if (problems.size > 0) throw new ConfigError([...problems]);
}

function problemsOf(settings: Settings, env: Env): readonly string[] {
  try {
    readConfig(settings, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

function createView(verbose: boolean, env: Env): View {
  const { stdout, stderr } = process;
  if (!stdout.isTTY || env.TERM === "dumb")
    return new PlainView(
      (text) => stdout.write(text),
      (text) => stderr.write(text),
    );
  const view = new TerminalView(stdout, { verbose, colours: !env.NO_COLOR });
  stdout.on("resize", () => view.redraw());
  return view;
}

/** The first wish to stop is granted gracefully, a second one at once. */
function stopOnSignals(supervisor: Supervisor): void {
  let firstAt: number | undefined;
  const stop = (): void => {
    if (firstAt !== undefined && performance.now() - firstAt >= SAME_WISH_MS) supervisor.kill();
    firstAt ??= performance.now();
    void supervisor.stop();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  // Whoever read our output has gone, as in `scc up | head`.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => supervisor.stop());
}

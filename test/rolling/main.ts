import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { Command, Option } from "commander";
import { isFaultless } from "../../src/chaos/check/tally.ts";
import { Crowd, type CrowdTally } from "./crowd.ts";
import { Deployment, type Place } from "./deployment.ts";
import { Ingress } from "./ingress.ts";

const SCENARIOS = ["roll", "scale"] as const;
type Scenario = (typeof SCENARIOS)[number];

interface Flags {
  readonly clients: number;
  readonly rate: number;
  readonly channels: number;
  readonly drainRate: number;
  readonly drainMs: number;
  readonly from?: string;
  readonly out?: string;
  readonly json?: boolean;
}

interface Result extends CrowdTally {
  readonly scenario: Scenario;
  readonly flags: Flags;
  /** Pods that had to be killed, or did not exit with 0. */
  readonly endedBadly: number;
  readonly seconds: number;
}

const CURRENT = resolve(import.meta.dirname, "../../dist/cli/main.js");
const INGRESS_PORT = 21_900;
const STATE_PORT = 21_901;
const PRE_STOP_MS = 2000;
const CALM_MS = 3000;
/** What may come late is due within so many ms. */
const BACK_WITHIN_MS = 2000;

const command = new Command("rolling")
  .description(
    "Rolls and scales a cluster behind HAProxy under traffic, as Kubernetes would, and counts what that costs.",
  )
  .argument("[scenarios...]", SCENARIOS.join(", "), SCENARIOS)
  .option("--clients <count>", "official clients with default options", Number, 2000)
  .option("--rate <count>", "messages a second", Number, 1000)
  .option("--channels <count>", "of which each client is subscribed to one", Number, 500)
  .option("--drain-rate <count>", "SCC_DRAIN_RATE of the workers", Number, 200)
  .option("--drain-ms <ms>", "SCC_DRAIN_MS of all", Number, 25_000)
  .addOption(new Option("--from <commit>", "begin with the release of this commit, and roll to this one"))
  .option("--out <file>", "add the results to this file, JSON lines")
  .option("--json", "print JSON instead of a table")
  .action(async (scenarios: readonly string[], flags: Flags) => {
    const unknown = scenarios.find((name) => !SCENARIOS.includes(name as Scenario));
    if (unknown !== undefined) command.error(`There is no scenario ${unknown}: ${SCENARIOS.join(", ")}`);
    const before = flags.from === undefined ? CURRENT : build(flags.from);
    let isGood = true;
    for (const scenario of scenarios as readonly Scenario[]) {
      const result = await run(scenario, flags, before);
      if (flags.out !== undefined) appendFileSync(flags.out, `${JSON.stringify(result)}\n`);
      process.stdout.write(`${flags.json ? JSON.stringify(result) : tableOf(result)}\n`);
      isGood &&= isGoodResult(result);
    }
    process.exit(isGood ? 0 : 1);
  });

/** @returns the command of the release of a commit */
function build(commit: string): string {
  const place = mkdtempSync(join(tmpdir(), "scc-earlier-"));
  const root = resolve(import.meta.dirname, "../..");
  const archive = execFileSync("git", ["archive", commit], { cwd: root, maxBuffer: 2 ** 30 });
  execFileSync("tar", ["-x", "-C", place], { input: archive });
  symlinkSync(join(root, "node_modules"), join(place, "node_modules"));
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json"], {
    cwd: place,
    stdio: "inherit",
  });
  return join(place, "dist/cli/main.js");
}

async function run(scenario: Scenario, flags: Flags, before: string): Promise<Result> {
  const since = performance.now();
  const say = (line: string): void =>
    void process.stderr.write(`${((performance.now() - since) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
  const logs = mkdtempSync(join(tmpdir(), "scc-rolling-logs-"));
  const ingress = new Ingress(INGRESS_PORT);
  const { drainMs, drainRate } = flags;
  const place: Place = {
    ...{ ingress, logs, drainMs, drainRate, say },
    ...{ statePort: STATE_PORT, preStopMs: PRE_STOP_MS, scc: before },
  };
  const state = new Deployment(place, "state");
  const brokers = new Deployment(place, "broker");
  const workers = new Deployment(place, "worker");
  const all = [state, brokers, workers];
  say(`${scenario}; logs in ${logs}`);
  try {
    await ingress.start();
    await state.scale(1);
    await Promise.all([brokers.scale(3), workers.scale(3)]);
    const crowd = new Crowd({ ...flags, port: INGRESS_PORT });
    await crowd.gather();
    say(`${flags.clients} clients are subscribed`);
    crowd.start();
    await after(CALM_MS);
    place.scc = CURRENT;
    if (scenario === "roll") for (const deployment of [state, brokers, workers]) await deployment.roll();
    else for (const count of [1, 5, 1]) await brokers.scale(count);
    await after(CALM_MS);
    say("that was all; waiting for what is on its way");
    const tally = await crowd.finish();
    const endedBadly = all.reduce((sum, deployment) => sum + deployment.endedBadly, 0);
    return { scenario, flags, ...tally, endedBadly, seconds: Math.round((performance.now() - since) / 1000) };
  } finally {
    for (const deployment of all) deployment.kill();
    ingress.stop();
  }
}

function isGoodResult({ messages, returns, endedBadly, flags }: Result): boolean {
  return (
    isFaultless(messages) &&
    endedBadly + returns.missing === 0 &&
    returns.p95Ms < BACK_WITHIN_MS &&
    returns.mostPerSecond <= flags.drainRate
  );
}

function tableOf({ scenario, messages, returns, endedBadly }: Result): string {
  const { sent, acknowledged, rejected, lost, duplicated, reordered, disagreed, pause } = messages;
  const { left, back, p50Ms, p95Ms, mostMs, mostLeftPerSecond, mostPerSecond } = returns;
  const rows: readonly (readonly [string, string])[] = [
    ["scenario", scenario],
    ["sent / acknowledged", `${sent} / ${acknowledged}`],
    ["rejected, by name", JSON.stringify(rejected)],
    ["lost / doubled / reordered", `${lost} / ${duplicated} / ${reordered + disagreed}`],
    ["longest pause, ms", String(Math.round(pause.longestMs))],
    ["clients sent away / back", `${left} / ${back}`],
    ["back after, ms: p50 / p95 / most", `${p50Ms} / ${p95Ms} / ${mostMs}`],
    ["left / came in the fullest second", `${mostLeftPerSecond} / ${mostPerSecond}`],
    ["pods that ended badly", String(endedBadly)],
  ];
  return rows.map(([what, value]) => `${what.padEnd(34)}${value}`).join("\n");
}

await command.parseAsync();

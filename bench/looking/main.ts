import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { ours } from "../contenders/ours.ts";
import { pathOnly } from "../launch/environment.ts";
import { canPin, GENERATOR_CORE, pinned, SERVER_CORE } from "../launch/pin.ts";
import { freePorts } from "../launch/ports.ts";
import { Server } from "../launch/server.ts";

const SCC = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const ONLOOKER = fileURLToPath(new URL("./onlooker.ts", import.meta.url));
const METRICS_APART = 1000;
const WARM_UP_MS = 8000;
/** After somebody begins or ends to look, until it counts. */
const SETTLE_MS = 300;
/** Ticks of the kernel's clock of CPU time, per second. */
const TICKS = 100;

interface Cluster {
  readonly servers: readonly Server[];
  readonly worker: Server;
  readonly state: Server;
}

/** One worker and one broker, with metrics, which are off in comparisons. */
async function startCluster(): Promise<Cluster> {
  const ports = await freePorts(3);
  const site = { port: () => ports.pop() ?? 0, authKey: undefined, peers: "", uwsPreload: undefined };
  const servers: Server[] = [];
  const core = canPin() ? SERVER_CORE : undefined;
  for (const group of ours.processes({ workers: 1, brokers: 1 }, site)) {
    const started = group.map(({ env: { SCC_METRICS_PORT, ...env }, ...plan }) => {
      return new Server({ ...plan, env }, core);
    });
    servers.push(...started);
    await Promise.all(started.map((server) => server.ready()));
  }
  const byRole = (role: string): Server => {
    const found = servers.find(({ plan }) => plan.role === role);
    if (found === undefined) throw new Error(`There is no ${role}`);
    return found;
  };
  return { servers, worker: byRole("worker"), state: byRole("state") };
}

const metricsUrl = ({ plan }: Server): string => `http://127.0.0.1:${plan.port + METRICS_APART}/metrics`;

/** CPU time of all servers so far, user and system, s. */
function cpuOf(servers: readonly Server[]): number {
  return servers.reduce((sum, { pid }) => {
    const [, rest = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
    const fields = rest.split(" ");
    return sum + (Number(fields[11]) + Number(fields[12])) / TICKS;
  }, 0);
}

async function deliveriesOf(worker: Server): Promise<number> {
  const text = await (await fetch(metricsUrl(worker))).text();
  const count = /^scc_worker_deliveries_total\{[^}]*\} (\S+)$/m.exec(text)?.[1];
  if (count === undefined) throw new Error("The worker does not tell how much it delivered");
  return Number(count);
}

/** CPU per delivery in the next `ms`, s. */
async function costOf({ servers, worker }: Cluster, ms: number): Promise<number> {
  const [cpu, deliveries] = [cpuOf(servers), await deliveriesOf(worker)];
  await after(ms);
  const [cpuThen, deliveriesThen] = [cpuOf(servers), await deliveriesOf(worker)];
  return (cpuThen - cpu) / (deliveriesThen - deliveries);
}

interface Seen {
  readonly pictures: number;
  readonly scrapes: number;
}

/** @returns what it has seen so far */
async function tell(onlooker: ChildProcess, what: "look" | "rest"): Promise<Seen> {
  onlooker.send(what);
  const [seen] = (await once(onlooker, "message")) as [Seen];
  await after(SETTLE_MS);
  return seen;
}

/** The median, and between which values it lies, with 95 % certainty, by the ranks beside the middle. */
function medianOf(values: readonly number[]): { median: number; from: number; to: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (rank: number): number =>
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(rank)))] ?? NaN;
  const middle = (sorted.length - 1) / 2;
  const apart = 0.98 * Math.sqrt(sorted.length);
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    from: at(middle - apart),
    to: at(middle + apart),
  };
}

/** Windows in which somebody looks beside windows in which nobody does, in the same processes, under one load. */
async function measure(cluster: Cluster, onlooker: ChildProcess, pairs: number, ms: number): Promise<void> {
  const ratios: number[] = [];
  const costs: number[] = [];
  for (let pair = 1; pair <= pairs; pair++) {
    // Whichever comes first in a pair is second in the next: what drifts does so for both.
    const order = pair % 2 === 0 ? (["look", "rest"] as const) : (["rest", "look"] as const);
    const cost = { look: 0, rest: 0 };
    for (const what of order) {
      const { pictures, scrapes } = await tell(onlooker, what);
      if (pair > 1 && (pictures === 0 || scrapes === 0))
        throw new Error("Nothing was seen while somebody looked");
      cost[what] = await costOf(cluster, ms);
    }
    ratios.push(cost.look / cost.rest);
    costs.push(cost.rest * 1e6);
    const { median, from, to } = medianOf(ratios);
    const percent = (ratio: number): string => `${((ratio - 1) * 100).toFixed(2)} %`;
    process.stdout.write(
      `pair ${pair}: ${percent(cost.look / cost.rest)}; so far ${percent(median)} more CPU per delivery while ` +
        `somebody looks (95 %: ${percent(from)} to ${percent(to)}), at ${medianOf(costs).median.toFixed(2)} us\n`,
    );
  }
}

async function main(): Promise<void> {
  const command = new Command("bench:looking")
    .description(
      "What it costs that somebody looks: CPU per delivery in fanout (1 channel, 1,000 subscribers, saturated) of " +
        "scc-state, a broker and a worker, with a dashboard open and metrics scraped every second, beside the same " +
        "with neither.",
    )
    .option("--pairs <count>", "pairs of windows", Number, 40)
    .option("--window <ms>", "length of a window", Number, 3000)
    .parse();
  const { pairs, window } = command.opts<{ pairs: number; window: number }>();
  const cluster = await startCluster();
  const core = canPin() ? GENERATOR_CORE : undefined;
  const url = `ws://127.0.0.1:${cluster.worker.plan.port}`;
  const seconds = String(Math.ceil((WARM_UP_MS + pairs * 2 * (window + 2 * SETTLE_MS)) / 1000) + 60);
  const args = [SCC, "bench", "fanout", "--url", url, "--duration", seconds, "--json"];
  const load = pinned({ command: process.execPath, args }, core);
  const generator = spawn(load.command, load.args, { env: pathOnly(), stdio: "ignore" });
  const onlooker = fork(
    ONLOOKER,
    [`ws://127.0.0.1:${cluster.state.plan.port}`, ...cluster.servers.map(metricsUrl)],
    {
      execArgv: ["--import", import.meta.resolve("tsx")],
    },
  );
  try {
    await after(WARM_UP_MS);
    await measure(cluster, onlooker, pairs, window);
  } finally {
    generator.kill("SIGKILL");
    onlooker.kill();
    await Promise.all(cluster.servers.map((server) => server.stop(5000)));
  }
}

await main();

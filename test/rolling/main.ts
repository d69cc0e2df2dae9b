import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { workerSettings } from "../../src/worker/config.ts";
import { problemsOf, SCENARIOS, type Scenario, toTable } from "./record.ts";
import { currentRelease, earlierRelease, type Release } from "./release.ts";
import { Run } from "./run.ts";

interface Flags {
  readonly from?: string;
  readonly clients: number;
  readonly publishers: number;
  readonly channels: number;
  readonly rate: number;
  readonly drainRate: number;
  readonly balance: string;
  readonly endpointLag: number;
  readonly json?: boolean;
  readonly out?: string;
}

const command = new Command("rolling")
  .description(
    "A rolling deploy acted out: HAProxy in front of a cluster, a script as kubelet and autoscaler.",
  )
  .addArgument(new Argument("[scenarios...]", "what is acted out; absent: all").choices(SCENARIOS))
  .option("--from <commit>", "what runs at first is this earlier commit; absent: what is built here")
  .option("--clients <count>", "official clients, each subscribed to one channel", whole, 2000)
  .option("--publishers <count>", "of the clients, so many publish", whole, 20)
  .option("--channels <count>", "channels", whole, 1000)
  .option("--rate <count>", "messages a second", whole, 1000)
  .option("--drain-rate <count>", "SCC_DRAIN_RATE of the workers", whole, workerSettings.drainRate.fallback)
  .addOption(
    new Option("--balance <how>", "HAProxy's").choices(["leastconn", "roundrobin"]).default("leastconn"),
  )
  .option("--endpoint-lag <ms>", "until the ingress knows of a change", whole, 1000)
  .option("--json", "results as JSON lines, all else on standard error")
  .option("--out <file>", "add results to this file, JSON lines");

async function runOne(scenario: Scenario, from: Release, to: Release, flags: Flags): Promise<boolean> {
  const { clients, publishers, channels, rate, drainRate, balance, endpointLag, json, out } = flags;
  const stream = json ? process.stderr : process.stdout;
  const directory = mkdtempSync(join(tmpdir(), `rolling-${scenario}-`));
  const releases = { from: from.name, to: to.name };
  const run = new Run({
    conditions: { scenario, ...releases, clients, publishers, channels, rate, drainRate, balance },
    ...{ from, to, endpointLagMs: endpointLag },
    directory,
    say: (text) => void stream.write(`${text}\n`),
  });
  stopping = () => run.close();
  // Of a run that went wrong the logs stay.
  let allWell = false;
  try {
    const record = await run.make();
    const problems = problemsOf(record);
    const line = JSON.stringify({ ...record, problems });
    if (out) appendFileSync(out, `${line}\n`);
    if (json) process.stdout.write(`${line}\n`);
    stream.write(`\n${toTable(record)}\n\n`);
    for (const problem of problems) stream.write(`NOT AS PROMISED: ${problem}\n`);
    allWell = problems.length === 0;
    return allWell;
  } finally {
    await run.close();
    if (allWell) rmSync(directory, { recursive: true, force: true });
  }
}

let stopping: () => Promise<void> = async () => {};

/** @throws {InvalidArgumentError} if the text is no whole number from 1 on */
function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("a whole number from 1 on is expected");
  return value;
}

await command.parseAsync();
const flags = command.opts<Flags>();
const scenarios = command.processedArgs[0] as Scenario[];
const to = currentRelease();
const from = flags.from === undefined ? to : earlierRelease(flags.from);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void stopping().finally(() => {
      from.remove();
      process.exit(130);
    });
  });
}
let allWell = true;
try {
  for (const scenario of scenarios.length > 0 ? scenarios : SCENARIOS)
    allWell = (await runOne(scenario, from, to, flags)) && allWell;
} finally {
  from.remove();
}
process.exitCode = allWell ? 0 : 1;

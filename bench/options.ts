import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError, Option } from "commander";
import type { PeerName } from "./contenders/contender.ts";
import { PEERS } from "./contenders/peers.ts";
import { SCENARIOS, type Scenario } from "./suite/scenarios.ts";
import { STUDIES, type Study } from "./suite/studies.ts";

/** What was asked for. */
export interface Options {
  readonly scenarios: readonly Scenario[];
  readonly studies: readonly Study[];
  readonly pairs: number;
  readonly repeats: number;
  readonly quick: boolean;
  readonly reportOnly: boolean;
  /** Begin new results instead of continuing the newest ones. */
  readonly afresh: boolean;
  readonly against: ReadonlySet<PeerName>;
  /** Folder that has the peers already. */
  readonly peers: string | undefined;
  readonly uwsPreload: string | undefined;
  /** Where results, report and charts go. */
  readonly folder: string;
}

const BENCH = fileURLToPath(new URL(".", import.meta.url));
const PAIRS = 5;
const REPEATS = 3;

const HELP = `
Comparisons, each with its peers:
${SCENARIOS.map(({ name, about }) => `  ${name.padEnd(16)} ${about}`).join("\n")}

Growth:
${STUDIES.map(({ name, values, quantity }) => `  ${name.padEnd(16)} ${values.join(", ")} ${quantity}`).join("\n")}

Peers (npm packages are installed into bench/.peers by the benchmark itself; who is missing is named):
${PEERS.map(({ name, about }) => `  ${name.padEnd(22)} ${about}`).join("\n")}

Results are added to bench/results/*.jsonl; broken off, the same command continues where it was. The report,
bench/REPORT.md with bench/charts, is made from them each time. All of it takes a few hours; leave the machine alone
meanwhile. Ctrl-C ends it with a report of what there is.

Examples:
  npm run bench                                     everything
  npm run bench -- --quick                          does it all work? (into .tmp/bench)
  npm run bench -- --only fanout,many --against uws
  npm run bench -- --only growth
  npm run bench -- --report-only`;

interface Flags {
  readonly only?: readonly string[];
  readonly against?: readonly PeerName[];
  readonly pairs?: number;
  readonly quick?: boolean;
  readonly reportOnly?: boolean;
  readonly new?: boolean;
  readonly peers?: string;
  readonly out?: string;
}

/** Reads the command line. Prints help, or what is wrong with it, and ends the process where that is all. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options {
  const command = new Command("npm run bench --")
    .description("Measures what ours costs beside its peers, and how that grows; writes a report.")
    .addOption(
      new Option("--only <names>", 'comparisons and growth by name, or "comparisons" or "growth"').argParser(
        known,
      ),
    )
    .addOption(new Option("--against <peers>", "only these peers").argParser(knownPeers))
    .addOption(
      new Option("--pairs <n>", `how often each comparison is made (default ${PAIRS})`).argParser(count),
    )
    .option("--quick", "short runs, one each: shows that everything works, not what it costs")
    .option("--report-only", "measure nothing, write the report from the results that are there")
    .option("--new", "begin new results instead of continuing the newest ones")
    .option("--peers <folder>", "folder whose node_modules has the peers (SCC_BENCH_PEERS)")
    .option("--out <folder>", "where results, report and charts go (default bench; .tmp/bench with --quick)")
    .addHelpText("after", HELP)
    .allowExcessArguments(false)
    .parse(args, { from: "user" });
  return optionsOf(command.opts<Flags>(), env);
}

function optionsOf(flags: Flags, env: NodeJS.ProcessEnv): Options {
  const { only, quick = false, pairs } = flags;
  const isWanted = (name: string, group: string): boolean =>
    only === undefined || only.includes(name) || only.includes(group);
  const peers = flags.peers ?? env.SCC_BENCH_PEERS;
  const times = pairs ?? (quick ? 1 : PAIRS);
  return {
    scenarios: SCENARIOS.filter(({ name }) => isWanted(name, "comparisons")),
    studies: STUDIES.filter(({ name }) => isWanted(name, "growth")),
    pairs: times,
    repeats: Math.min(times, REPEATS),
    quick,
    reportOnly: flags.reportOnly ?? false,
    afresh: flags.new ?? false,
    against: new Set(flags.against ?? PEERS.map(({ name }) => name)),
    peers: peers ? resolve(peers) : undefined,
    uwsPreload: env.SCC_BENCH_UWS_PRELOAD || undefined,
    folder: resolve(flags.out ?? (quick ? join(BENCH, "../.tmp/bench") : BENCH)),
  };
}

function known(text: string): string[] {
  return among(text, ["comparisons", "growth", ...[...SCENARIOS, ...STUDIES].map(({ name }) => name)]);
}

function knownPeers(text: string): string[] {
  return among(
    text,
    PEERS.map(({ name }) => name),
  );
}

function among(text: string, names: readonly string[]): string[] {
  const given = text.split(",").map((name) => name.trim());
  const unknown = given.filter((name) => !names.includes(name));
  if (unknown.length === 0) return given;
  throw new InvalidArgumentError(`There is no ${unknown.join(", ")}; there are ${names.join(", ")}.`);
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value;
  throw new InvalidArgumentError("Expected an integer from 1 to 1000.");
}

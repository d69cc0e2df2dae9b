import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError, Option } from "commander";
import { PROFILES, type Profile } from "./plan.ts";
import { runPool } from "./pool.ts";
import { type Chunk, type ChunkResult, explain, type RunOptions } from "./runs.ts";
import { World } from "./world.ts";

/** Seeds that a process runs at a time: what is written to the results is written once for so many. */
const CHUNK = 25;
const SHOWN_FINDINGS = 3;
const PROGRESS_MS = 500;

interface Flags {
  readonly profile: Profile;
  readonly seeds: number;
  readonly from?: number;
  readonly jobs: number;
  readonly seed?: number;
  readonly trace?: boolean;
  readonly out?: string;
  readonly allowGaps?: boolean;
}

/** A line of the results: some seeds are done. */
interface Line {
  readonly profile: Profile;
  readonly from: number;
  readonly count: number;
  readonly findings: readonly {
    readonly seed: number;
    readonly invariant: number;
    readonly sentence: string;
  }[];
}

const command = new Command("simulate")
  .description("Runs whole clusters in one process, on virtual time, with faults drawn from seeds.")
  .addOption(new Option("--profile <name>", "which faults").choices(PROFILES).default("links"))
  .option("--seeds <count>", "how many worlds", whole, 1000)
  .option("--from <seed>", "first seed; absent: 1, or behind what --out has", whole)
  .option("--jobs <count>", "processes", whole, availableParallelism())
  .option("--seed <seed>", "this one alone", whole)
  .option("--trace", "with --seed: write all that happens")
  .option("--allow-gaps", "a gap signal is no finding, whatever its reason")
  .option("--out <file>", "add results to this file (JSON lines), from which a later run goes on");

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function runOne({ profile, trace, allowGaps = false }: Flags, seed: number): Promise<number> {
  const options = { profile, allowGaps, seed, ...(trace && { trace: say }) };
  const outcome = await new World(options).run();
  if (outcome.finding && !trace) say(await explain(outcome, { profile, allowGaps }));
  else say(JSON.stringify(outcome));
  return outcome.finding ? 1 : 0;
}

async function runMany({ profile, seeds, from, jobs, out, allowGaps = false }: Flags): Promise<number> {
  const first = from ?? nextSeed(out, profile);
  const options: RunOptions = { profile, allowGaps };
  const results: ChunkResult[] = [];
  let isStopped = false;
  process.once("SIGINT", () => {
    isStopped = true;
  });
  const progress = new Progress(seeds);
  const done = (result: ChunkResult): void => {
    results.push(result);
    if (out) appendFileSync(out, `${JSON.stringify(lineOf(result, profile))}\n`);
    progress.note(result);
  };
  await runPool(Math.max(1, jobs), chunksOf(first, seeds), options, done, () => isStopped);
  progress.end();
  const findings = results.flatMap((result) => result.findings);
  for (const finding of findings.slice(0, SHOWN_FINDINGS)) say(`\n${await explain(finding, options)}`);
  for (const { seed, finding } of findings.slice(SHOWN_FINDINGS)) {
    say(`seed ${seed}, invariant ${finding?.invariant}: ${finding?.sentence}`);
  }
  return findings.length > 0 ? 1 : 0;
}

function* chunksOf(first: number, seeds: number): Generator<Chunk, undefined> {
  for (let at = first; at < first + seeds; at += CHUNK)
    yield { from: at, count: Math.min(CHUNK, first + seeds - at) };
  return undefined;
}

function lineOf({ from, count, findings }: ChunkResult, profile: Profile): Line {
  const short = findings.flatMap(({ seed, finding }) => (finding ? [{ seed, ...finding }] : []));
  return { profile, from, count, findings: short };
}

/** The seed behind all that were done; some before it may be missing, if a run was broken off. */
function nextSeed(out: string | undefined, profile: Profile): number {
  if (out === undefined || !existsSync(out)) return 1;
  const lines = readFileSync(out, "utf8").split("\n").filter(Boolean);
  const ends = lines
    .map((line) => JSON.parse(line) as Line)
    .filter((line) => line.profile === profile)
    .map(({ from, count }) => from + count);
  return Math.max(1, ...ends);
}

/** What is done so far: a line that is written over on a terminal, once at the end elsewhere. */
class Progress {
  readonly #total: number;
  readonly #since = performance.now();
  #saidAt = 0;
  #seeds = 0;
  #findings = 0;
  #steps = 0;
  #lasted = 0;

  constructor(total: number) {
    this.#total = total;
  }

  note({ count, findings, steps, lasted }: ChunkResult): void {
    this.#seeds += count;
    this.#findings += findings.length;
    this.#steps += steps;
    this.#lasted += lasted;
    if (!process.stdout.isTTY || performance.now() - this.#saidAt < PROGRESS_MS) return;
    this.#saidAt = performance.now();
    process.stdout.write(`\r${this.#line()}`);
  }

  end(): void {
    say(`${process.stdout.isTTY ? "\r" : ""}${this.#line()}`);
  }

  #line(): string {
    const perSecond = this.#seeds / ((performance.now() - this.#since) / 1000);
    const hours = (this.#lasted / 3_600_000).toFixed(1);
    return `${this.#seeds} of ${this.#total} seeds, ${perSecond.toFixed(0)}/s, ${hours} h of virtual time, ${this.#steps} steps, findings: ${this.#findings}`;
  }
}

/** @throws {InvalidArgumentError} if the text is no whole number from 0 on */
function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError("a whole number from 0 on is expected");
  return value;
}

await command.parseAsync();
const flags = command.opts<Flags>();
process.exitCode = await (flags.seed === undefined ? runMany(flags) : runOne(flags, flags.seed));

import { attack } from "./attack.ts";
import { honestWork } from "./honest.ts";
import { SCC, type Site, startSite, stopSite, subjectsOf } from "./subject.ts";
import { overviewOf, TARGETS, type Target } from "./targets.ts";

export interface FuzzOptions {
  /** Frames for each target, with and without key. */
  readonly frames: number;
  readonly seed: number;
  /** Names of targets; absent: all. */
  readonly targets?: readonly string[] | undefined;
  readonly keys: readonly (string | undefined)[];
  /** The `scc` that is attacked; absent: the one that is built here. */
  readonly program?: string | undefined;
  readonly say: (line: string) => void;
}

/** What one round of frames against one target came to. */
export interface Row {
  readonly target: string;
  readonly key: boolean;
  readonly frames: number;
  readonly seconds: number;
  /** Processes that ended, in words. */
  readonly exits: readonly string[];
  readonly turnMs: number;
  readonly waitedMs: number;
  /** Of the process that came nearest to its bound. */
  readonly rss: { readonly name: string; readonly bytes: number; readonly bound: number };
  readonly ends: ReadonlyMap<string, number>;
  /** Faults that were contained: each is a bug. */
  readonly faults: readonly Record<string, unknown>[];
  /** What an honest client met afterwards; undefined: all is well. */
  readonly trouble: string | undefined;
}

/** No turn of an event loop may take longer, ms. */
export const MOST_TURN_MS = 200;
const PROGRESS_MS = 5000;

/** Attacks a site of its own for each key, target after target. */
export async function fuzz(options: FuzzOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const key of options.keys) {
    const site = await startSite(key, options.program ?? SCC);
    try {
      const chosen = TARGETS.filter(
        ({ name }) => options.targets?.some((part) => name.includes(part)) ?? true,
      );
      for (const target of chosen) {
        const row = await round(target, site, options);
        rows.push(row);
        if (row.exits.length > 0) break;
      }
    } finally {
      await stopSite(site);
    }
  }
  return rows;
}

async function round(target: Target, site: Site, { frames, seed, say }: FuzzOptions): Promise<Row> {
  const subjects = subjectsOf(site);
  const { ring } = await overviewOf(site);
  for (const subject of subjects) await subject.begin();
  const faultsBefore = subjects.map(({ faults }) => faults.length);
  const startedAt = performance.now();
  let saidAt = startedAt;
  const exits = (): string[] => subjects.map(({ ended }) => ended).filter((each) => each !== undefined);
  const result = await attack(
    target,
    { site, ring },
    {
      frames,
      seed,
      goesOn: () => exits().length === 0,
      progress: (sent) => {
        if (performance.now() - saidAt < PROGRESS_MS) return;
        saidAt = performance.now();
        say(`${target.name}: ${sent} of ${frames} frames`);
      },
    },
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const trouble = exits().length > 0 ? "a process ended" : await troubleOf(site);
  const attacked = target.subjects(site);
  const samples = await Promise.all(attacked.map((subject) => subject.sample()));
  const rss = attacked.map(({ name, memory }, index) => ({
    name,
    bytes: samples[index]?.rssBytes ?? 0,
    bound: memory,
  }));
  return {
    target: target.name,
    key: site.key !== undefined,
    ...result,
    seconds,
    exits: exits(),
    turnMs: Math.max(...samples.map(({ turnMs }) => turnMs)),
    waitedMs: Math.max(...samples.map(({ waitedMs }) => waitedMs)),
    rss: rss.toSorted((a, b) => b.bytes / b.bound - a.bytes / a.bound)[0] as Row["rss"],
    faults: subjects.flatMap(({ faults }, index) => faults.slice(faultsBefore[index])),
    trouble,
  };
}

async function troubleOf(site: Site): Promise<string | undefined> {
  try {
    await honestWork(site);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : JSON.stringify(error);
  }
}

/** What is wrong with a row, in sentences. */
export function findingsOf({ target, key, exits, turnMs, rss, faults, trouble }: Row): string[] {
  const where = `${target}${key ? ", with a key" : ""}`;
  const findings = exits.map((exit) => `${where}: ${exit}`);
  if (turnMs > MOST_TURN_MS) findings.push(`${where}: a turn took ${Math.round(turnMs)} ms`);
  if (rss.bytes > rss.bound) findings.push(`${where}: a ${rss.name} took ${mebibytes(rss.bytes)} MiB`);
  for (const { stack } of faults) findings.push(`${where}: a fault was contained: ${stack}`);
  if (trouble !== undefined) findings.push(`${where}: an honest client met trouble: ${trouble}`);
  return findings;
}

/** The rows as a table in Markdown. */
export function tableOf(rows: readonly Row[]): string {
  const head = [
    "| target | key | frames | s | exits | faults | longest turn, ms | RSS peak of bound, MiB | honest client | ends |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
  ];
  const lines = rows.map((row) => {
    const { target, key, frames, seconds, exits, faults, turnMs, rss, trouble, ends } = row;
    const most = [...ends].toSorted(([, a], [, b]) => b - a).slice(0, 4);
    const cells = [
      target,
      key ? "yes" : "no",
      frames,
      seconds.toFixed(1),
      exits.length,
      faults.length,
      Math.round(turnMs),
      `${rss.name} ${mebibytes(rss.bytes)} of ${mebibytes(rss.bound)}`,
      trouble ?? "served",
      most.map(([end, count]) => `${end} ${count}`).join(", "),
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [...head, ...lines].join("\n");
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

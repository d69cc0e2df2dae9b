import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a process and all of its descendants have used. */
export interface Usage {
  /** CPU time since they began, ms: user and system, all threads, and descendants that have ended. */
  readonly cpuMs: number;
  /** Resident memory, bytes. Pages that processes share count once for each. */
  readonly rssBytes: number;
  /** Resident memory in which shared pages are divided, bytes; absent if not asked for or not known here. */
  readonly pssBytes?: number;
  /** How many processes these are. */
  readonly processes: number;
}

/** What the system says of one process by itself. */
export interface ProcessUsage {
  readonly parent: number;
  /** Own, and that of children that have ended. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

export type ProcessTable = ReadonlyMap<number, ProcessUsage>;

interface UsageOptions {
  /** Also tells `pssBytes`. It makes the kernel walk through all of their memory, so not inside of a window. */
  readonly pss?: boolean;
}

/**
 * What processes, each with its descendants, have used so far, in the order of `pids`. CPU time comes in steps
 * of the kernel's clock, mostly 10 ms.
 *
 * @returns undefined where the system has neither /proc nor `ps`
 * @throws {Error} if one of the processes is gone
 */
export async function usageOf(
  pids: readonly number[],
  { pss = false }: UsageOptions = {},
): Promise<Usage[] | undefined> {
  const table = await processTable();
  if (table === undefined) return undefined;
  return pids.map((pid) => {
    const usage = usageIn(table, pid);
    const shared = pss ? sharedBytesOf(familyIn(table, pid)) : undefined;
    return shared === undefined ? usage : { ...usage, pssBytes: shared };
  });
}

/** What several have used together. `pssBytes` only if all of them have it. */
export function totalOf(usages: readonly Usage[]): Usage {
  const sum = (value: (usage: Usage) => number): number =>
    usages.reduce((total, usage) => total + value(usage), 0);
  const pss = usages.every(({ pssBytes }) => pssBytes !== undefined);
  return {
    cpuMs: sum(({ cpuMs }) => cpuMs),
    rssBytes: sum(({ rssBytes }) => rssBytes),
    processes: sum(({ processes }) => processes),
    ...(pss && { pssBytes: sum(({ pssBytes = 0 }) => pssBytes) }),
  };
}

/**
 * Adds up a process and its descendants.
 *
 * @throws {Error} if it is not in the table
 */
export function usageIn(table: ProcessTable, pid: number): Usage {
  const family = familyIn(table, pid).map((member) => table.get(member));
  return {
    cpuMs: family.reduce((sum, member) => sum + (member?.cpuMs ?? 0), 0),
    rssBytes: family.reduce((sum, member) => sum + (member?.rssBytes ?? 0), 0),
    processes: family.length,
  };
}

/** A process and its descendants, itself first. */
function familyIn(table: ProcessTable, pid: number): number[] {
  if (!table.has(pid)) throw new Error(`Cannot measure process ${pid}: it is gone`);
  const children = new Map<number, number[]>();
  for (const [child, { parent }] of table) {
    const siblings = children.get(parent);
    if (siblings) siblings.push(child);
    else children.set(parent, [child]);
  }
  const family = [pid];
  for (const member of family) family.push(...(children.get(member) ?? []));
  return family;
}

async function processTable(): Promise<ProcessTable | undefined> {
  if (existsSync("/proc/self/stat")) return procTable(await clock());
  try {
    const { stdout } = await run("ps", ["-axo", "pid=,ppid=,rss=,time="], { maxBuffer: 2 ** 24 });
    return parsePs(stdout);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Units of /proc/PID/stat. */
interface Clock {
  readonly tickMs: number;
  readonly pageBytes: number;
}

const USUAL: Clock = { tickMs: 10, pageBytes: 4096 };
let clockOfSystem: Promise<Clock> | undefined;

function clock(): Promise<Clock> {
  clockOfSystem ??= Promise.all([setting("CLK_TCK"), setting("PAGESIZE")]).then(([ticks, page]) => ({
    tickMs: ticks === undefined ? USUAL.tickMs : 1000 / ticks,
    pageBytes: page ?? USUAL.pageBytes,
  }));
  return clockOfSystem;
}

/** What getconf says; undefined where the command is missing, as in small containers. */
async function setting(name: string): Promise<number | undefined> {
  try {
    const value = Number((await run("getconf", [name])).stdout);
    return value > 0 ? value : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function procTable(units: Clock): ProcessTable {
  const table = new Map<number, ProcessUsage>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const text = readIfThere(`/proc/${entry}/stat`);
    if (text !== undefined) table.set(Number(entry), parseStat(text, units));
  }
  return table;
}

/** Reads one line of /proc/PID/stat. */
export function parseStat(text: string, { tickMs, pageBytes }: Clock = USUAL): ProcessUsage {
  // The name of the program stands in brackets and may itself contain any character.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    parent: field(4),
    cpuMs: (field(14) + field(15) + field(16) + field(17)) * tickMs,
    rssBytes: field(24) * pageBytes,
  };
}

/** Reads what `ps` prints for `pid ppid rss time`: KiB, and `[[days-]hours:]minutes:seconds`. */
export function parsePs(text: string): ProcessTable {
  const table = new Map<number, ProcessUsage>();
  for (const line of text.split("\n")) {
    const [pid, parent, rss, time] = line.trim().split(/\s+/);
    if (time === undefined) continue;
    const usage = { parent: Number(parent), rssBytes: Number(rss) * 1024, cpuMs: millisecondsOf(time) };
    table.set(Number(pid), usage);
  }
  return table;
}

function millisecondsOf(time: string): number {
  const [clockTime = "", days = "0"] = time.split("-").toReversed();
  const seconds = clockTime.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 1000);
}

/** Undefined if the kernel does not tell it of all of them. */
function sharedBytesOf(pids: readonly number[]): number | undefined {
  let sum = 0;
  for (const pid of pids) {
    const [, kib] = readIfThere(`/proc/${pid}/smaps_rollup`)?.match(/^Pss:\s+(\d+) kB$/m) ?? [];
    if (kib === undefined) return undefined;
    sum += Number(kib) * 1024;
  }
  return sum;
}

/** Processes end while they are looked at, and those of other users are not shown. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? ""))
      return undefined;
    throw error;
  }
}

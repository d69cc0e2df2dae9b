import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { freePorts } from "./processes.ts";

const ENTRY = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const PORTS = 10;
const ANSWER_WITHIN_MS = 15_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running `scc up`, as built, with its output piped; two brokers and two workers on free ports. */
export class SccUp {
  readonly ports: { readonly state: number; readonly brokers: number; readonly workers: number };
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  #heard: (() => void) | undefined;

  /** @param env on top of this process's environment and the ports */
  static async start(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<SccUp> {
    return new SccUp(await freePorts(PORTS), args, env);
  }

  private constructor(base: number, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.ports = { state: base, brokers: base + 1, workers: base + 3 };
    this.#child = spawn(process.execPath, [ENTRY, "up", ...args], {
      env: { ...process.env, ...portVariables(base), ...env },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that a signal can be sent as a terminal does, to all of it.
      detached: true,
    });
    this.#read(this.#child.stdout, this.lines);
    this.#read(this.#child.stderr, this.errors);
    this.exit = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => resolve({ code, signal }));
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("Cannot start scc up");
    return this.#child.pid;
  }

  /** Sends a signal to `scc up` and everything in its group. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** The first line that matches, from line number `from` on: one that was there already, or the next to come. */
  async line(pattern: RegExp, from = 0): Promise<string> {
    const deadline = AbortSignal.timeout(ANSWER_WITHIN_MS);
    for (let seen = from; ; ) {
      const found = this.lines.slice(seen).find((line) => pattern.test(line));
      if (found !== undefined) return found;
      seen = Math.max(from, this.lines.length);
      await this.#nextLine(deadline, pattern);
    }
  }

  /** Waits until the whole cluster is ready. */
  async ready(): Promise<void> {
    await this.line(/^cluster ready/);
  }

  /** The process of a service that is or was ready, the latest of them. */
  pidOf(name: string): number {
    const line = this.lines.findLast((text) => text.startsWith(`${name} ready (pid `));
    const pid = Number(/\(pid (\d+)\)/.exec(line ?? "")?.[1]);
    if (!Number.isInteger(pid)) throw new Error(`${name} was never ready:\n${this.#said()}`);
    return pid;
  }

  /** Every process that was ever started for a service. */
  pids(): number[] {
    const pids = this.lines.flatMap((line) => /^scc-\w+ \d+ starting \(pid (\d+)\)/.exec(line)?.[1] ?? []);
    return [...new Set(pids.map(Number))];
  }

  /** Whatever happened in a test: stops it, and waits until it is gone. */
  async stop(): Promise<Exit> {
    if (isAlive(this.pid)) this.#child.kill("SIGTERM");
    return await this.exit;
  }

  #read(stream: NodeJS.ReadableStream | null, into: string[]): void {
    if (stream === null) return;
    createInterface({ input: stream }).on("line", (line) => {
      into.push(line);
      this.#heard?.();
    });
  }

  #nextLine(deadline: AbortSignal, pattern: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`No line ${pattern} came:\n${this.#said()}`));
      deadline.addEventListener("abort", late, { once: true });
      this.#heard = () => {
        deadline.removeEventListener("abort", late);
        resolve();
      };
    });
  }

  #said(): string {
    return [...this.lines, ...this.errors].join("\n");
  }
}

function portVariables(base: number): Record<string, string> {
  return {
    SCC_STATE_SERVER_PORT: String(base),
    SCC_BROKER_SERVER_PORT: String(base + 1),
    SOCKETCLUSTER_PORT: String(base + 3),
    SCC_METRICS_PORT: String(base + 5),
  };
}

/** Waits until none of the processes is left. */
export async function gone(pids: readonly number[]): Promise<void> {
  await vi.waitFor(
    () => {
      const left = pids.filter(isAlive);
      if (left.length > 0) throw new Error(`Still running: ${left.join(", ")}`);
    },
    { timeout: ANSWER_WITHIN_MS, interval: 50 },
  );
}

/** Whether a process runs. One that has ended and only waits to be collected does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    // There is no such process.
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/^\d+ \(.*\) Z/.test(readFileSync(stat, "utf8"));
}

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";
import { until } from "./processes.ts";

export const SCC = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** A command of `scc` as a user calls it, in a process of its own. What still runs ends with the test. */
export class Called {
  stdout = "";
  stderr = "";
  readonly process: ChildProcessWithoutNullStreams;
  /** Resolves with the exit code when it has ended and said everything; null if a signal ended it. */
  readonly code: Promise<number | null>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    // A clean environment: what the developer has set must not change what a test sees.
    this.process = spawn(process.execPath, [SCC, ...args], { env: { PATH: process.env.PATH, ...env } });
    this.process.stdout.on("data", (chunk: Buffer) => {
      this.stdout += chunk;
    });
    this.process.stderr.on("data", (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.code = new Promise((resolve) => this.process.once("close", resolve));
    running.add(this);
  }

  /** Waits until it has said a text on standard error. */
  async noted(text: string): Promise<this> {
    await until(`scc notes "${text}"`, () => this.stderr.includes(text));
    return this;
  }

  get lines(): string[] {
    return this.stdout.split("\n").filter((line) => line !== "");
  }

  /** What it printed as objects, one a line. */
  get objects(): unknown[] {
    return this.lines.map((line) => JSON.parse(line) as unknown);
  }
}

const running = new Set<Called>();

/** Calls `scc`. @param input what stands on its standard input */
export function scc(args: readonly string[], env: Readonly<Record<string, string>> = {}, input = ""): Called {
  const called = new Called(args, env);
  called.process.stdin.end(input);
  return called;
}

afterEach(() => {
  for (const { process: child } of running) child.kill("SIGKILL");
  running.clear();
});

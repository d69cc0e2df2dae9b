import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach } from "vitest";
import { usersEnvironment } from "./package.ts";
import { until } from "./processes.ts";

const started = new Set<ServerProcess>();

/** A user's own server: a command that ends up listening on a port. What is left of it ends with the test. */
export class ServerProcess {
  readonly port: number;
  /** Everything it printed, both streams. */
  output = "";
  readonly #child: ChildProcess;

  constructor(directory: string, command: string, args: readonly string[], port: number, env = {}) {
    this.port = port;
    this.#child = spawn(command, args, {
      cwd: directory,
      env: { ...usersEnvironment(), SOCKETCLUSTER_PORT: String(port), SCC_METRICS_PORT: "0", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that what npm starts can be ended with it.
      detached: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    started.add(this);
  }

  /** Waits until it answers requests for a path with 200. */
  async serves(path: string): Promise<this> {
    const url = `http://127.0.0.1:${this.port}${path}`;
    await until(`${url} is served`, async () => {
      if (!this.running) throw new Error(`It ended:\n${this.output}`);
      // It does not listen yet: that is what is waited for, within the deadline.
      const response = await fetch(url).catch(() => undefined);
      return response?.status === 200;
    });
    return this;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Signals everything it started. Resolves with its exit code; `null` if the signal itself ended it. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (!this.running || this.#child.pid === undefined) return this.#child.exitCode;
    const exited = once(this.#child, "exit");
    process.kill(-this.#child.pid, signal);
    await exited;
    return this.#child.exitCode;
  }
}

afterEach(async () => {
  const left = [...started];
  started.clear();
  await Promise.all(left.map((server) => server.stop("SIGKILL")));
});

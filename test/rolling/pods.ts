import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";

const HOST = "127.0.0.1";
const READY_WITHIN_MS = 30_000;
const PROBE_EVERY_MS = 100;

export type Role = "state" | "broker" | "worker";

/** How the pods of one deployment are run: what `kubernetes/` says, with delays that suit a short show. */
export interface PodPlan {
  readonly role: Role;
  readonly env: Readonly<Record<string, string>>;
  /** How long a pod is out of service before it is told to end, ms: the sleep of its `preStop`. */
  readonly preStopMs: number;
  /** How long it may take to end after SIGTERM before it is killed, ms. */
  readonly graceMs: number;
}

/** One process in the place of a pod, at a port of its own in the place of an address of its own. */
export class Pod {
  readonly name: string;
  readonly port: number;
  readonly #plan: PodPlan;
  readonly #process: ChildProcess;
  readonly #log: WriteStream;
  readonly #exited: Promise<number | null>;

  /** @param scc the built command, `dist/cli/main.js` of the release that this pod runs */
  constructor(name: string, port: number, plan: PodPlan, scc: string, logs: string) {
    this.name = name;
    this.port = port;
    this.#plan = plan;
    this.#log = createWriteStream(join(logs, `${name}.log`));
    this.#process = spawn(process.execPath, [scc, plan.role], {
      env: { PATH: process.env.PATH, SCC_METRICS_PORT: "0", ...plan.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process.stdout?.pipe(this.#log, { end: false });
    this.#process.stderr?.pipe(this.#log, { end: false });
    this.#exited = new Promise((resolve) => {
      this.#process.once("exit", (code) => resolve(code));
    });
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  async isReady(): Promise<boolean> {
    try {
      return (await fetch(`http://${HOST}:${this.port}/readyz`)).status === 200;
    } catch {
      return false; // nobody listens yet
    }
  }

  /** @throws {Error} if it ends, or takes too long */
  async ready(): Promise<this> {
    const until = performance.now() + READY_WITHIN_MS;
    while (!(await this.isReady())) {
      if (this.hasEnded) throw new Error(`${this.name} ended before it was ready: see its log`);
      if (performance.now() > until)
        throw new Error(`${this.name} was not ready within ${READY_WITHIN_MS} ms`);
      await after(PROBE_EVERY_MS);
    }
    return this;
  }

  /**
   * What a kubelet does: waits as `preStop` says, SIGTERM, waits, SIGKILL.
   *
   * @returns the exit code; null if it had to be killed
   */
  async end(): Promise<number | null> {
    await after(this.#plan.preStopMs);
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), this.#plan.graceMs);
    const code = await this.#exited;
    clearTimeout(timer);
    this.#log.end();
    return code;
  }

  kill(): void {
    if (!this.hasEnded) this.#process.kill("SIGKILL");
  }
}

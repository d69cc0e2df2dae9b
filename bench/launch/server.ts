import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as after } from "node:timers/promises";
import type { ServerProcess } from "../contenders/contender.ts";
import { pathOnly } from "./environment.ts";
import { type Core, pinned } from "./pin.ts";

const READY_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 25;
const ASK_WITHIN_MS = 1000;
const OUTPUT_KEPT = 2000;

/** One server process that runs. */
export class Server {
  readonly plan: ServerProcess;
  readonly #child: ChildProcess;
  /** The end of what it printed, both streams. */
  #output = "";
  #problem: string | undefined;

  constructor(plan: ServerProcess, core: Core) {
    this.plan = plan;
    const { command, args } = pinned(plan, core);
    this.#child = spawn(command, args, {
      env: { ...pathOnly(), ...plan.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.once("error", (error) => {
      this.#problem = error.message;
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#output = `${this.#output}${chunk}`.slice(-OUTPUT_KEPT);
      });
    }
  }

  /** @throws {Error} if it could not be started */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw this.#error("could not be started");
    return pid;
  }

  get running(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /** @throws {Error} if it ends, or is not ready in time */
  async ready(): Promise<void> {
    const deadline = performance.now() + READY_WITHIN_MS;
    while (!(await this.#isReady())) {
      this.expectRunning();
      if (performance.now() > deadline) throw this.#error(`was not ready within ${READY_WITHIN_MS} ms`);
      await after(LOOK_EVERY_MS);
    }
  }

  /** @throws {Error} if it has ended, with the last it said */
  expectRunning(): void {
    if (!this.running) throw this.#error("ended");
  }

  /** Asks it to end, and kills it when it has not after `graceMs`. Resolves when it is gone. */
  async stop(graceMs: number): Promise<void> {
    if (!this.running) return;
    const gone = once(this.#child, "exit");
    const late = setTimeout(() => this.#child.kill("SIGKILL"), graceMs);
    this.#child.kill("SIGTERM");
    await gone;
    clearTimeout(late);
  }

  async #isReady(): Promise<boolean> {
    const { port, readyPath } = this.plan;
    if (readyPath === undefined) return await isOpen(port);
    try {
      const signal = AbortSignal.timeout(ASK_WITHIN_MS);
      return (await fetch(`http://127.0.0.1:${port}${readyPath}`, { signal })).ok;
    } catch {
      // It does not listen yet: that is what is waited for.
      return false;
    }
  }

  #error(what: string): Error {
    const { exitCode, signalCode } = this.#child;
    const how = this.#problem ?? signalCode ?? (exitCode === null ? undefined : `exit code ${exitCode}`);
    const said = this.#output.trim();
    return new Error(`${this.plan.name} ${what}${how ? ` (${how})` : ""}${said ? `: ${said}` : ""}`);
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

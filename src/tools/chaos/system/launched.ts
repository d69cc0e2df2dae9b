import { type ChildProcess, spawn } from "node:child_process";
import { get } from "node:http";
import { connect } from "node:net";
import { setTimeout as after } from "node:timers/promises";
import { ChaosError } from "../chaos-error.ts";
import type { Address } from "../faults/proxy.ts";
import type { Output } from "./output.ts";
import type { Ready, Role } from "./template.ts";

const ASK_EVERY_MS = 50;
const ANSWER_WITHIN_MS = 1000;
const LINES_SHOWN = 8;

/** One process, before it is started. */
export interface LaunchPlan {
  /** "broker-2": its role, and which one of these. */
  readonly name: string;
  readonly role: Role;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
  /** Where it listens. */
  readonly address: Address;
  readonly ready: Ready;
}

/** Who is told what becomes of a process. */
export interface LaunchObserver {
  /** It is about to be started. What is returned is waited for. */
  starts(): Promise<void>;
  /** It is gone. */
  gone(): void;
  /** It ended though nobody told it to. */
  trouble(what: string): void;
}

/**
 * A server process that can be treated badly: killed, frozen, started again. It stands in a group of its own, so
 * that Ctrl-C in the terminal does not reach it, and has an IPC channel as its life line: one of ours ends by
 * itself when this process is gone.
 */
export class Launched {
  readonly plan: LaunchPlan;
  readonly #output: Output;
  readonly #observer: LaunchObserver;
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();
  #isToEnd = false;
  #isFrozen = false;
  #hasPrinted = false;

  constructor(plan: LaunchPlan, output: Output, observer: LaunchObserver) {
    this.plan = plan;
    this.#output = output;
    this.#observer = observer;
  }

  get name(): string {
    return this.plan.name;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Starts it, once a process before it is gone. */
  async start(): Promise<void> {
    await this.#gone;
    await this.#observer.starts();
    const { argv, env, cwd, ready } = this.plan;
    const [program = "", ...args] = argv;
    this.#isToEnd = false;
    this.#isFrozen = false;
    this.#hasPrinted = false;
    this.#output.clear();
    const child = spawn(program, args, {
      env,
      cwd,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (bytes: Buffer) => this.#output.add(bytes));
    // Nobody talks on the life line: that it breaks is no news.
    child.channel?.unref();
    this.#gone = this.#watch(child);
    if ("output" in ready) {
      this.#output.onceSaid(ready.output, () => {
        this.#hasPrinted = true;
      });
    }
  }

  /** Whether it can be used now. Never rejects. */
  async isReady(): Promise<boolean> {
    const { ready, address } = this.plan;
    if (this.#child === undefined || this.#isFrozen) return false;
    if ("output" in ready) return this.#hasPrinted;
    return "http" in ready ? await answers(address, ready.http) : await listens(address);
  }

  /**
   * Resolves when it can be used, or has been told to end meanwhile.
   *
   * @throws {ChaosError} with its last words, if it is not ready in time or has ended by itself
   */
  async becomesReady(withinMs: number, signal?: AbortSignal): Promise<void> {
    const until = performance.now() + withinMs;
    while (!(await this.isReady())) {
      signal?.throwIfAborted();
      if (this.#isToEnd) return;
      if (this.#child === undefined)
        throw new ChaosError(`${this.name} ended before it was ready\n${this.#lastWords}`);
      if (performance.now() > until)
        throw new ChaosError(`${this.name} is not ready after ${withinMs} ms\n${this.#lastWords}`);
      await after(ASK_EVERY_MS);
    }
  }

  /** Tells it to end, or ends it. Does not wait. */
  end(signal: "SIGTERM" | "SIGKILL"): void {
    this.#isToEnd = true;
    this.#signal(signal);
  }

  freeze(): void {
    this.#isFrozen = true;
    this.#signal("SIGSTOP");
  }

  wake(): void {
    this.#isFrozen = false;
    this.#signal("SIGCONT");
  }

  /** Ends it at once, with all that belongs to it. */
  async destroy(): Promise<void> {
    this.end("SIGKILL");
    await this.#gone;
    this.#output.close();
  }

  /** Without waiting for anything: this process is about to end. */
  destroyNow(): void {
    this.end("SIGKILL");
  }

  get #lastWords(): string {
    return this.#output.tail(LINES_SHOWN);
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // It ended just now, and this process has not been told yet.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  async #watch(child: ChildProcess): Promise<void> {
    const how = await new Promise<string>((resolve) => {
      child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
      child.once("error", (error) => resolve(error.message));
    });
    this.#child = undefined;
    this.#observer.gone();
    if (!this.#isToEnd) this.#observer.trouble(`${this.name} ended by itself: ${how}\n${this.#lastWords}`);
  }
}

function answers({ host, port }: Address, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host, port, path, agent: false, timeout: ANSWER_WITHIN_MS }, (response) => {
      response.resume();
      response.on("error", () => resolve(false));
      response.on("end", () => resolve(response.statusCode === 200));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
    request.on("close", () => resolve(false));
  });
}

function listens({ host, port }: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: ANSWER_WITHIN_MS });
    const done = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("connect", () => done(true));
    socket.once("timeout", () => done(false));
    socket.once("error", () => done(false));
  });
}

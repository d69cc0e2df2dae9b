import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as after } from "node:timers/promises";
import { Backoff } from "../../runtime/backoff.ts";
import { type Exit, type Life, type LifeEvent, next, ranWell, unborn, worthRestarting } from "./life.ts";
import type { ServicePlan } from "./plan.ts";
import { probe } from "./probe.ts";

const FIRST_RESTART_MS = 500;
const SLOWEST_RESTART_MS = 10_000;
const PROBE_STARTING_MS = 150;
const PROBE_READY_MS = 1000;
/** How long a dead process's last words may take to arrive. */
const LAST_WORDS_MS = 500;

/** Who is told what a service does. */
export interface ServiceObserver {
  /** Its life has changed. */
  changed(service: Service): void;
  /** It wrote a line. */
  line(service: Service, line: string, stream: "stdout" | "stderr"): void;
}

/**
 * One service of the local cluster, kept alive: its process is watched, and started again with back-off
 * when it dies.
 *
 * The process stands in a group of its own, so that Ctrl-C in the terminal reaches it only in the order
 * in which the cluster is taken down; and it holds an IPC channel as its life line: if this process is
 * killed, the channel breaks and the service ends by itself.
 */
export class Service {
  readonly plan: ServicePlan;
  readonly #entry: string;
  readonly #observer: ServiceObserver;
  readonly #backoff = new Backoff(FIRST_RESTART_MS, SLOWEST_RESTART_MS);
  #life: Life = unborn;
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();
  #restart: NodeJS.Timeout | undefined;

  /** @param entry the program that knows the plan's commands: `scc` itself */
  constructor(plan: ServicePlan, entry: string, observer: ServiceObserver) {
    this.plan = plan;
    this.#entry = entry;
    this.#observer = observer;
  }

  get life(): Life {
    return this.#life;
  }

  start(): void {
    const child = spawn(process.execPath, [this.#entry, ...this.plan.args], {
      env: this.plan.env,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    this.#child = child;
    this.#read(child.stdout, "stdout");
    this.#read(child.stderr, "stderr");
    this.#apply({ kind: "spawned", pid: child.pid });
    this.#gone = this.#watch(child);
    void this.#probe(child);
  }

  /**
   * Asks the service to end, and ends it if it has not after `graceMs`. Never rejects.
   *
   * @returns when it is gone; whether it went well stands in its life
   */
  async stop(graceMs: number): Promise<void> {
    clearTimeout(this.#restart);
    const child = this.#child;
    this.#apply({ kind: "stop" });
    if (child === undefined) return;
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), graceMs);
    await this.#gone;
    clearTimeout(force);
  }

  /** Ends the service at once. */
  kill(): void {
    this.#child?.kill("SIGKILL");
  }

  #read(stream: Readable | null, name: "stdout" | "stderr"): void {
    if (stream === null) return;
    const lines = createInterface({ input: stream });
    lines.on("line", (line) => this.#observer.line(this, line, name));
  }

  async #watch(child: ChildProcess): Promise<void> {
    const exit = await exitOf(child);
    this.#child = undefined;
    const retry = this.#life.phase !== "stopping" && worthRestarting(this.#life, exit);
    if (ranWell(this.#life, performance.now())) this.#backoff.reset();
    const retryInMs = retry ? this.#backoff.next() : undefined;
    if (retryInMs !== undefined) this.#restart = setTimeout(() => this.start(), retryInMs);
    this.#apply({ kind: "exited", exit, retryInMs });
  }

  async #probe(child: ChildProcess): Promise<void> {
    while (this.#child === child && this.#life.phase !== "stopping") {
      const trouble = await probe(this.plan);
      if (this.#child === child) this.#apply({ kind: "probed", trouble });
      await after(this.#life.phase === "ready" ? PROBE_READY_MS : PROBE_STARTING_MS, undefined, {
        ref: false,
      });
    }
  }

  #apply(event: LifeEvent): void {
    const before = this.#life;
    this.#life = next(before, event, performance.now());
    const shown = ({ phase, pid, reason }: Life): string => `${phase} ${pid} ${reason}`;
    if (shown(this.#life) !== shown(before)) this.#observer.changed(this);
  }
}

/** How a process ended, once its last lines were read, or must be given up. */
async function exitOf(child: ChildProcess): Promise<Exit> {
  const closed = new Promise((resolve) => child.once("close", resolve));
  const exit = await new Promise<Exit>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    // It could not even be started, as when the machine allows no more processes.
    child.once("error", () => {
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
  });
  // What the service itself has started may hold its output open for long.
  await Promise.race([closed, after(LAST_WORDS_MS)]);
  return exit;
}

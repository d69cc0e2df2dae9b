import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { Output } from "../../src/tools/chaos/system/output.ts";
import type { PodSpec, ProbeTimes } from "./manifests.ts";

export interface PodPlan {
  /** "worker-4" */
  readonly name: string;
  readonly spec: PodSpec;
  /** The built `scc`, of one release or another. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  readonly ip: string;
  readonly port: number;
  /** Where what it says goes. */
  readonly logs: string;
}

export interface PodObserver {
  /** The kubelet found it ready, or not ready any more. */
  readinessChanged(pod: Pod): void;
  /** It is told to end: who keeps the list of endpoints takes it out. */
  terminating(pod: Pod): void;
  /** SIGTERM. */
  stopping(pod: Pod): void;
  gone(pod: Pod): void;
  trouble(what: string): void;
}

const LINES_SHOWN = 8;
const STARTED_ASK_MS = 100;

/** One process, and what the kubelet does with it: probes, SIGTERM, the grace period, SIGKILL. */
export class Pod {
  readonly plan: PodPlan;
  /** Resolves when the process has ended. */
  readonly gone: Promise<void>;
  readonly #observer: PodObserver;
  readonly #output: Output;
  readonly #child: ChildProcess;
  readonly #isOver = new AbortController();
  #isReady = false;
  #readySince = Infinity;
  #isTerminating = false;
  #isStopping = false;

  constructor(plan: PodPlan, observer: PodObserver) {
    this.plan = plan;
    this.#observer = observer;
    this.#output = new Output(join(plan.logs, `${plan.name}.log`));
    this.#child = spawn(process.execPath, [plan.entry, plan.spec.role], {
      env: { ...plan.env },
      // The last one is a life line: it ends by itself when this process is gone.
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
    });
    this.#child.channel?.unref();
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on("data", (bytes: Buffer) => this.#output.add(bytes));
    this.gone = this.#watch();
    void this.#probe();
  }

  get name(): string {
    return this.plan.name;
  }

  get isReady(): boolean {
    return this.#isReady && !this.#isTerminating;
  }

  /** Between SIGTERM and the end. */
  get isStopping(): boolean {
    return this.#isStopping && !this.#isOver.signal.aborted;
  }

  /** Ready for `minReadySeconds`. */
  get isAvailable(): boolean {
    return this.isReady && performance.now() - this.#readySince >= this.plan.spec.minReadyMs;
  }

  /** @throws {Error} if it takes too long, or it has ended */
  async becomesAvailable(withinMs: number): Promise<void> {
    const end = performance.now() + withinMs;
    while (!this.isAvailable) {
      if (this.#isOver.signal.aborted) throw new Error(`${this.name} ended\n${this.#lastWords}`);
      if (performance.now() > end)
        throw new Error(`${this.name} is not available after ${withinMs} ms\n${this.#lastWords}`);
      await after(STARTED_ASK_MS);
    }
  }

  /** Deletes it, as Kubernetes does. Resolves when it is gone. */
  async delete(): Promise<void> {
    const { graceMs } = this.plan.spec;
    this.#isTerminating = true;
    this.#observer.terminating(this);
    const killing = setTimeout(() => {
      this.#observer.trouble(
        `${this.name} was killed: it did not end within ${graceMs} ms\n${this.#lastWords}`,
      );
      this.#child.kill("SIGKILL");
    }, graceMs);
    this.#isStopping = true;
    this.#observer.stopping(this);
    this.#child.kill("SIGTERM");
    await this.gone;
    clearTimeout(killing);
  }

  /** Ends it at once. */
  async destroy(): Promise<void> {
    this.#isTerminating = true;
    this.#isStopping = true;
    this.#child.kill("SIGKILL");
    await this.gone;
  }

  get #lastWords(): string {
    return this.#output.tail(LINES_SHOWN);
  }

  async #watch(): Promise<void> {
    const how = await new Promise<number | string | null>((resolve) => {
      this.#child.once("exit", (code, signal) => resolve(signal ?? code));
      this.#child.once("error", (error) => resolve(error.message));
    });
    this.#isOver.abort();
    this.#isReady = false;
    const isExpected = this.#isStopping && (how === 0 || how === "SIGKILL");
    if (!isExpected) this.#observer.trouble(`${this.name} ended with ${how}\n${this.#lastWords}`);
    this.#observer.gone(this);
    this.#output.close();
  }

  /** First the startup probe until it answers, then the readiness probe. */
  async #probe(): Promise<void> {
    const { startup, readiness } = this.plan.spec;
    while (!this.#isOver.signal.aborted && !(await this.#answers(startup)))
      await this.#rest(startup.periodMs);
    let failures = 0;
    while (!this.#isOver.signal.aborted) {
      const isReady = await this.#answers(readiness);
      failures = isReady ? 0 : failures + 1;
      if (isReady) this.#setReady(true);
      else if (failures >= readiness.failureThreshold) this.#setReady(false);
      await this.#rest(readiness.periodMs);
    }
  }

  #setReady(isReady: boolean): void {
    if (this.#isReady === isReady) return;
    this.#isReady = isReady;
    this.#readySince = isReady ? performance.now() : Infinity;
    if (!this.#isTerminating) this.#observer.readinessChanged(this);
  }

  async #answers({ path, timeoutMs }: ProbeTimes): Promise<boolean> {
    const { ip, port } = this.plan;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(`http://${ip}:${port}${path}`, { signal });
      await response.text();
      return response.status === 200;
    } catch {
      // Nobody listens, or it does not answer in time: what a probe is for.
      return false;
    }
  }

  async #rest(ms: number): Promise<void> {
    // Broken off by the end of the process.
    await after(ms, undefined, { signal: this.#isOver.signal }).catch(() => {});
  }
}

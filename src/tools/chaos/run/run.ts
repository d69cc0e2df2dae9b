import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as after } from "node:timers/promises";
import { describe } from "../../../runtime/log.ts";
import { randomId } from "../../../runtime/random-id.ts";
import { RELEASE } from "../../../runtime/release.ts";
import type { Tally } from "../check/tally.ts";
import { Churn } from "../load/churn.ts";
import { Load } from "../load/load.ts";
import type { Conditions, Memory, RunRecord } from "../results/record.ts";
import { describeAction, type Plan, type Step } from "../scenarios/scenario.ts";
import { System } from "../system/system.ts";
import type { SystemTemplate } from "../system/template.ts";
import { Doorman } from "./doorman.ts";
import { MemoryWatch } from "./memory.ts";
import { perform } from "./perform.ts";

/** How long the last messages may take to arrive before they are lost. */
const DRAIN_MS = 20_000;
const TOLD_EVERY_MS = 250;
const MOST_TROUBLES = 20;
const NS_PER_MS = 1e6;

/** How far a run is. */
export interface Progress {
  /** ms after the first message. */
  readonly elapsedMs: number;
  readonly totalMs: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly rejected: number;
  readonly deliveries: number;
  readonly pending: number;
}

/** Who is told what a run does. */
export interface RunObserver {
  /** "starting 6 processes" */
  phase(what: string): void;
  /** Something was done to the cluster, or went wrong; ms after the first message. */
  happened(what: string, elapsedMs: number): void;
  progress(progress: Progress): void;
}

export interface RunOptions {
  readonly plan: Plan;
  readonly conditions: Conditions;
  readonly template: SystemTemplate;
  readonly seed: number;
  readonly logs: string | undefined;
  /** Where programs are found, for the processes: `PATH`. */
  readonly path: string | undefined;
  readonly observer: RunObserver;
  readonly signal: AbortSignal;
}

/**
 * Makes one run: starts a cluster, puts the load on it, does to it what is planned, and says what came of it.
 *
 * @throws {ChaosError} if the cluster does not start, or nobody can connect
 * @throws {Error} the signal's reason, when it was aborted
 */
export async function run(options: RunOptions): Promise<RunRecord> {
  const oneRun = new OneRun(options);
  // Whatever happens to this process, those it started do not stay behind.
  const last = (): void => oneRun.system.closeNow();
  process.once("exit", last);
  try {
    return await oneRun.make();
  } finally {
    await oneRun.close();
    process.off("exit", last);
  }
}

class OneRun {
  readonly system: System;
  readonly #options: RunOptions;
  readonly #at = new Date().toISOString();
  readonly #troubles: string[] = [];
  #load: Load | undefined;
  #beganAt = 0;

  constructor(options: RunOptions) {
    const { template, logs, path } = options;
    this.#options = options;
    this.system = new System({ template, logs, path, trouble: (what) => this.#trouble(what) });
  }

  async make(): Promise<RunRecord> {
    const { plan, conditions, observer, signal } = this.#options;
    observer.phase(`starting ${plan.roles.length} processes`);
    await this.system.start(plan.roles, signal);
    observer.phase("connecting clients");
    const doorman = new Doorman(this.system);
    const load = new Load(this.system.running("worker"), {
      rate: conditions.rate,
      channels: conditions.channels,
      prefix: `chaos-${randomId()}-`,
      newcomers: newcomersIn(plan.steps),
      placeFor: (worker) => doorman.portFor(worker),
    });
    this.#load = load;
    await load.becomesReady(signal);
    const [memory, ownPauseMs] = await this.#publish(load);
    observer.phase("waiting for the last messages");
    await load.drain(DRAIN_MS, signal);
    return this.#record(load, load.end(), memory, ownPauseMs);
  }

  async close(): Promise<void> {
    this.#load?.end();
    await this.system.close();
  }

  /** Publishes and does what is planned meanwhile. */
  async #publish(load: Load): Promise<[Memory[], number]> {
    const { plan, conditions, observer, signal } = this.#options;
    const memory = new MemoryWatch(() => this.system.pids);
    const churn = new Churn(load, conditions.channels, () => this.system.running("worker"));
    const delay = monitorEventLoopDelay({ resolution: 10 });
    delay.enable();
    if (plan.isSoak) {
      memory.start();
      churn.start();
    }
    this.#beganAt = performance.now();
    load.start();
    const telling = setInterval(() => observer.progress(this.#progress(load)), TOLD_EVERY_MS);
    try {
      const performed = await this.#perform(load);
      await this.#until(plan.publishMs, signal);
      load.stop();
      churn.stop();
      delay.disable();
      const ownPauseMs = Math.round(delay.max / NS_PER_MS);
      await Promise.all(performed);
      return [memory.stop(), ownPauseMs];
    } finally {
      clearInterval(telling);
      memory.stop();
      churn.stop();
      delay.disable();
    }
  }

  /** Takes the steps at their times. What they start becomes ready meanwhile, or is a trouble. */
  async #perform(load: Load): Promise<Promise<void>[]> {
    const { plan, observer, signal } = this.#options;
    const performed: Promise<void>[] = [];
    for (const { at, action } of plan.steps) {
      await this.#until(at, signal);
      const what = describeAction(action);
      observer.happened(what, this.#elapsedMs);
      const done = perform(action, this.system, load);
      performed.push(done.catch((error: unknown) => this.#trouble(`${what}: ${describe(error)}`)));
    }
    return performed;
  }

  async #until(elapsedMs: number, signal: AbortSignal): Promise<void> {
    await after(Math.max(0, elapsedMs - this.#elapsedMs), undefined, { signal });
  }

  get #elapsedMs(): number {
    return performance.now() - this.#beganAt;
  }

  #trouble(what: string): void {
    this.#options.observer.happened(what, this.#beganAt === 0 ? 0 : this.#elapsedMs);
    if (this.#troubles.length < MOST_TROUBLES) this.#troubles.push(what);
  }

  #progress({ checker }: Load): Progress {
    const { sent, acknowledged, rejected, deliveries, pending } = checker;
    const totalMs = this.#options.plan.publishMs;
    return { elapsedMs: this.#elapsedMs, totalMs, sent, acknowledged, rejected, deliveries, pending };
  }

  #record(load: Load, tally: Tally, memory: Memory[], ownPauseMs: number): RunRecord {
    const { conditions, seed } = this.#options;
    const { channel, longestMs, medianMs, p90Ms } = tally.pause;
    return {
      ...conditions,
      at: this.#at,
      release: RELEASE,
      seed,
      ...tally,
      pause: {
        longestMs: Math.round(longestMs),
        medianMs: Math.round(medianMs),
        p90Ms: Math.round(p90Ms),
        ...(channel === undefined ? {} : { channel }),
      },
      disconnects: load.disconnects,
      heldBack: load.heldBack,
      ownPauseMs,
      troubles: this.#troubles,
      memory,
    };
  }
}

/** Workers that come during a run. */
function newcomersIn(steps: readonly Step[]): number {
  return steps.filter(({ action }) => action.kind === "add" && action.role === "worker").length;
}

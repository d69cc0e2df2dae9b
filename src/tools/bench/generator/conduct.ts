import { LoadError } from "../load-error.ts";
import { type Outcome, resultOf } from "../measure/outcome.ts";
import type { LoadHooks, LoadPlan, LoadResult, Phase } from "../plan.ts";
import type { GeneratorProgress } from "./generator.ts";
import type { Step, TeamMember } from "./team.ts";

const PROGRESS_EVERY_MS = 250;

/** Takes all generators of a load through its phases together. */
export class Conductor {
  readonly #plan: LoadPlan;
  readonly #team: readonly TeamMember[];
  readonly #hooks: LoadHooks;
  readonly #failed: Promise<never>;
  readonly #stopped: Promise<void>;
  #phase: Phase = "connect";
  #phaseBegan = performance.now();
  #phaseMs = 0;
  #told = { at: performance.now(), delivered: 0 };
  #failure: ((error: LoadError) => void) | undefined;

  constructor(plan: LoadPlan, team: readonly TeamMember[], hooks: LoadHooks) {
    this.#plan = plan;
    this.#team = team;
    this.#hooks = hooks;
    const failure = new Promise<never>((_, reject) => {
      this.#failure = reject;
    });
    this.#failed = Promise.race([failure, ...team.map(({ failed }) => failed)]);
    // It is looked at in every phase; between them nobody does.
    this.#failed.catch(() => {});
    this.#stopped = aborted(hooks.stop);
  }

  /** @throws {LoadError} if a generator fails */
  async run(): Promise<LoadResult> {
    const ticker = setInterval(() => this.#tell(), PROGRESS_EVERY_MS);
    try {
      const connectMs = await this.#connect();
      await this.#measure();
      this.#begin("drain", this.#plan.drainMs);
      const outcomes = await this.#all("drain");
      return resultOf(outcomes, connectMs);
    } finally {
      clearInterval(ticker);
    }
  }

  async #connect(): Promise<number> {
    const hooks = this.#hooks;
    await hooks.connecting?.();
    this.#begin("connect", 0);
    const began = performance.now();
    await Promise.race([this.#all("connect"), this.#stopped]);
    const took = performance.now() - began;
    this.#tell();
    await hooks.connected?.();
    return took;
  }

  async #measure(): Promise<void> {
    const { settleMs, warmupMs, durationMs, pace } = this.#plan;
    await this.#wait("settle", settleMs);
    if (this.#isStopped) return;
    await this.#all("start");
    await this.#wait("warm up", pace === undefined ? 0 : warmupMs);
    if (this.#isStopped) return;
    await this.#hooks.windowOpens?.();
    await this.#all("openWindow");
    await this.#wait("measure", durationMs);
    await this.#all("closeWindow");
    await this.#hooks.windowCloses?.();
  }

  get #isStopped(): boolean {
    return this.#hooks.stop?.aborted === true;
  }

  async #all(step: Step): Promise<Outcome[]> {
    const steps = Promise.all(this.#team.map((member) => member.take(step)));
    const outcomes = await Promise.race([steps, this.#failed]);
    return outcomes.filter((outcome) => outcome !== undefined);
  }

  async #wait(phase: Phase, ms: number): Promise<void> {
    if (ms === 0 || this.#isStopped) return;
    this.#begin(phase, ms);
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    try {
      await Promise.race([over, this.#stopped, this.#failed]);
    } finally {
      clearTimeout(timer);
    }
  }

  #begin(phase: Phase, ms: number): void {
    this.#phase = phase;
    this.#phaseMs = ms;
    this.#phaseBegan = performance.now();
    this.#tell();
  }

  #tell(): void {
    const all = this.#team.map(({ progress }) => progress);
    const failure = all.find((each) => each.failure !== undefined)?.failure;
    if (failure !== undefined) this.#failure?.(new LoadError(`The load cannot be measured: ${failure}`));
    if (this.#hooks.progress === undefined) return;
    const sum = (value: (progress: GeneratorProgress) => number): number =>
      all.reduce((total, progress) => total + value(progress), 0);
    const now = performance.now();
    const connections = sum((each) => each.connections);
    const delivered = sum((each) => each.delivered);
    const seconds = Math.max(0.001, (now - this.#told.at) / 1000);
    const deliveredPerSecond = Math.max(0, delivered - this.#told.delivered) / seconds;
    this.#told = { at: now, delivered };
    const { subscribers, publishers } = this.#plan;
    const done =
      this.#phase === "connect"
        ? connections / (subscribers + publishers)
        : Math.min(1, (now - this.#phaseBegan) / Math.max(1, this.#phaseMs));
    const published = sum((each) => each.published);
    this.#hooks.progress({ phase: this.#phase, done, connections, published, delivered, deliveredPerSecond });
  }
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return new Promise(() => {});
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

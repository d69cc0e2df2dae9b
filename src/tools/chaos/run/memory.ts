import { usageOf } from "../../bench/usage.ts";
import type { Memory } from "../results/record.ts";

const LOOK_EVERY_MS = 2000;
const MB = 1024 * 1024;
/** The part of a run over which a mean is taken. */
const PART = 0.1;

interface Sample {
  readonly at: number;
  readonly mb: number;
}

/** Looks at the resident memory of processes every other second, as far as the system tells it. */
export class MemoryWatch {
  readonly #pids: () => ReadonlyMap<string, number>;
  /** By name and process id: one that was started again begins anew. */
  readonly #series = new Map<string, Sample[]>();
  #timer: NodeJS.Timeout | undefined;
  #startedAt = 0;

  constructor(pids: () => ReadonlyMap<string, number>) {
    this.#pids = pids;
  }

  start(): void {
    this.#startedAt = performance.now();
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  stop(): Memory[] {
    clearInterval(this.#timer);
    const length = performance.now() - this.#startedAt;
    return [...this.#series].map(([key, samples]) => memoryOf(key, samples, length));
  }

  async #look(): Promise<void> {
    const at = performance.now() - this.#startedAt;
    const pids = [...this.#pids()];
    // One of them may have ended while it was looked: the next look is soon.
    const usages = await usageOf(pids.map(([, pid]) => pid)).catch(() => undefined);
    for (const [index, { rssBytes }] of (usages ?? []).entries()) {
      const key = pids[index]?.join(" ") ?? "";
      const series = this.#series.get(key) ?? [];
      series.push({ at, mb: rssBytes / MB });
      this.#series.set(key, series);
    }
  }
}

/** What the samples of one process say of a run of so many ms. */
export function memoryOf(process: string, samples: readonly Sample[], lengthMs: number): Memory {
  const meanAround = (part: number): number | undefined => {
    const near = samples.filter(({ at }) => Math.abs(at - part * lengthMs) <= (PART / 2) * lengthMs);
    return near.length === 0 ? undefined : rounded(near.reduce((sum, { mb }) => sum + mb, 0) / near.length);
  };
  const [middleMb, endMb] = [meanAround(0.5), meanAround(1 - PART / 2)];
  const mostMb = rounded(samples.reduce((most, { mb }) => Math.max(most, mb), 0));
  if (middleMb === undefined || endMb === undefined) return { process, mostMb };
  return { process, mostMb, middleMb, endMb };
}

function rounded(mb: number): number {
  return Math.round(mb * 10) / 10;
}

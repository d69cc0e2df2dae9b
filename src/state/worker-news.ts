import type { Clock } from "../runtime/clock.ts";

/** How long nobody is told of further changes at least, ms; */
const PAUSE_MS = 1000;
/** and for each of those who are told, since what is told grows with them as well, ms. */
const PAUSE_EACH_MS = 10;

export interface WorkerNewsOptions {
  readonly clock: Clock;
  /** The workers of the cluster, by URI. */
  readonly uris: () => readonly string[];
  /** Tells all who want to know. @returns how many they are */
  readonly tell: (uris: readonly string[]) => number;
}

/**
 * Tells which workers there are: a change at once, and those that follow it together. Many who come at once would
 * otherwise each cause a list of all of them to all of them. Pure: the clock is handed in.
 */
export class WorkerNews {
  readonly #options: WorkerNewsOptions;
  #told = "";
  #isPausing = false;
  #isDue = false;

  constructor(options: WorkerNewsOptions) {
    this.#options = options;
  }

  /** Workers may have come or gone. @returns whether all were told just now */
  changed(): boolean {
    this.#isDue = true;
    return !this.#isPausing && this.#tell();
  }

  #tell(): boolean {
    const { clock, uris, tell } = this.#options;
    this.#isDue = false;
    const list = uris();
    const text = list.join();
    if (text === this.#told) return false;
    this.#told = text;
    this.#isPausing = true;
    clock.after(Math.max(PAUSE_MS, tell(list) * PAUSE_EACH_MS), () => {
      this.#isPausing = false;
      if (this.#isDue) this.#tell();
    });
    return true;
  }
}

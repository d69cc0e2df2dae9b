interface Bucket {
  left: number;
  /** When `left` was right, ms. */
  at: number;
}

export interface BudgetOptions {
  /** What a full budget has. */
  readonly most: number;
  /** How long until one more is there, ms. */
  readonly refillMs: number;
  /** How many are remembered; of more, the one that was used longest ago is full again. */
  readonly remembered: number;
}

/** What each of many may spend: some at once, and then one now and then. Pure: the time (ms) comes in as an argument. */
export class Budgets {
  readonly #options: BudgetOptions;
  readonly #byName = new Map<string, Bucket>();

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** Those that are remembered now. */
  get size(): number {
    return this.#byName.size;
  }

  /** How long to wait until one can be taken, ms; 0 if it is there. */
  waitFor(name: string, now: number): number {
    const { left } = this.#refilled(name, now);
    return left >= 1 ? 0 : Math.ceil((1 - left) * this.#options.refillMs);
  }

  /** Takes one, if it is there. @returns how long to wait for it, ms; 0 if it was there */
  take(name: string, now: number): number {
    const waitMs = this.waitFor(name, now);
    const bucket = this.#refilled(name, now);
    if (waitMs === 0) bucket.left -= 1;
    this.#byName.delete(name);
    this.#byName.set(name, bucket);
    if (this.#byName.size > this.#options.remembered) {
      const [oldest] = this.#byName.keys();
      if (oldest !== undefined) this.#byName.delete(oldest);
    }
    return waitMs;
  }

  /** Fills it up. */
  refill(name: string): void {
    this.#byName.delete(name);
  }

  #refilled(name: string, now: number): Bucket {
    const { most, refillMs } = this.#options;
    const bucket = this.#byName.get(name);
    if (bucket === undefined) return { left: most, at: now };
    return { left: Math.min(most, bucket.left + (now - bucket.at) / refillMs), at: now };
  }
}

const MOST_REASONS = 50;
const LONGEST_REASON = 200;
const OTHERS = "other errors";

/** Counts by what they are of. Bounded: when there are too many different reasons, new ones are counted together. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(reason: string, count = 1): void {
    const text = reason.slice(0, LONGEST_REASON);
    const key = this.#counts.has(text) || this.#counts.size < MOST_REASONS ? text : OTHERS;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }

  addAll(counts: Iterable<readonly [string, number]>): void {
    for (const [reason, count] of counts) this.add(reason, count);
  }

  /** Most frequent first. */
  get counts(): ReadonlyMap<string, number> {
    return new Map([...this.#counts].toSorted(([, one], [, other]) => other - one));
  }
}

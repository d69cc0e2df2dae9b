/** How a publish ended, as its publisher was told. */
export type Outcome = "pending" | "acknowledged" | "rejected";

const OUTCOMES: readonly Outcome[] = ["pending", "acknowledged", "rejected"];
const FIRST_CAPACITY = 256;

/** What one publisher published on one channel: sequences from 1 on, one byte of memory for each. */
export class Stream {
  #outcomes = new Uint8Array(FIRST_CAPACITY);
  #published = 0;

  /** The highest sequence so far. */
  get published(): number {
    return this.#published;
  }

  /** @returns the sequence of the next message */
  next(): number {
    this.#published += 1;
    if (this.#published >= this.#outcomes.length) {
      const grown = new Uint8Array(this.#outcomes.length * 2);
      grown.set(this.#outcomes);
      this.#outcomes = grown;
    }
    return this.#published;
  }

  /** The first outcome stands. */
  ended(sequence: number, outcome: "acknowledged" | "rejected"): void {
    if (this.#outcomes[sequence] === 0) this.#outcomes[sequence] = OUTCOMES.indexOf(outcome);
  }

  outcomeOf(sequence: number): Outcome {
    return OUTCOMES[this.#outcomes[sequence] ?? 0] ?? "pending";
  }
}

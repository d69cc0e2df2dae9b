/**
 * How long to wait before trying again: doubles from `firstMs` to `maxMs`, each drawn from the upper half
 * of its range, so that many processes that lost the same peer do not return at the same instant.
 */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #random: () => number;
  #attempts = 0;

  /** @param random from 0 to 1 */
  constructor(firstMs: number, maxMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs;
    this.#maxMs = maxMs;
    this.#random = random;
  }

  /** Failures since the last success. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Counts one more failure and says how long to wait, in ms. */
  next(): number {
    const range = Math.min(this.#maxMs, this.#firstMs * 2 ** Math.min(this.#attempts, 30));
    this.#attempts += 1;
    return range * (0.5 + this.#random() / 2);
  }

  /** It worked: the next failure starts from the beginning. */
  reset(): void {
    this.#attempts = 0;
  }
}

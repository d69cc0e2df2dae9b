/**
 * Takes some of what happens, at most about so many a second however much it is: everything while it is little. What
 * is left out is left out by chance, so that no rhythm of the traffic is mistaken for its composition.
 */
export class Sampling {
  readonly #perSecond: number;
  readonly #random: () => number;
  /** Each one taken stands for so many. */
  weight = 1;
  #left = 1;
  #seen = 0;

  /** @param random from 0 to 1 */
  constructor(perSecond: number, random: () => number) {
    this.#perSecond = perSecond;
    this.#random = random;
  }

  /** Something happened. @returns whether to take it */
  takes(): boolean {
    this.#seen += 1;
    this.#left -= 1;
    if (this.#left > 0) return false;
    this.#left = this.weight === 1 ? 1 : 1 + Math.floor(this.#random() * (2 * this.weight - 1));
    return true;
  }

  /** So much time has passed (ms): what comes next is sampled as this went. @returns how much happened */
  adapt(ms: number): number {
    const seen = this.#seen;
    this.#seen = 0;
    this.weight = Math.max(1, Math.ceil((seen * 1000) / Math.max(1, ms) / this.#perSecond));
    this.#left = Math.min(this.#left, this.weight);
    return seen;
  }
}

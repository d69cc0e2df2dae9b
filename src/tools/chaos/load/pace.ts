/** After a pause of this process, so much is made up for at most, ms. */
const MOST_BEHIND_MS = 1000;

/** How many messages are due at a steady rate. Pure: times in ms. */
export class Pace {
  readonly #perSecond: number;
  #since: number;
  #taken = 0;
  #skipped = 0;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#since = now;
  }

  /** Messages that were not published because this process stood still. */
  get skipped(): number {
    return this.#skipped;
  }

  /** @returns how many are to be published now */
  due(now: number): number {
    const due = Math.floor(((now - this.#since) * this.#perSecond) / 1000) - this.#taken;
    const most = Math.ceil((MOST_BEHIND_MS * this.#perSecond) / 1000);
    this.#taken += due;
    this.#skipped += Math.max(0, due - most);
    return Math.min(due, most);
  }
}

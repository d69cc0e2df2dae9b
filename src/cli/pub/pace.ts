/** How much of what it is behind is made up for at once, ms. */
const MAKE_UP_MS = 1000;

/** When the next message is due, at so many per second. Pure: times are handed in. */
export class Pace {
  readonly #everyMs: number;
  #dueAt: number | undefined;

  constructor(perSecond: number) {
    this.#everyMs = 1000 / perSecond;
  }

  /** How long to wait before the next message, ms; 0 if it is due. Counts that message as sent. */
  next(now: number): number {
    const dueAt = Math.max(this.#dueAt ?? now, now - MAKE_UP_MS);
    this.#dueAt = dueAt + this.#everyMs;
    return Math.max(0, dueAt - now);
  }
}

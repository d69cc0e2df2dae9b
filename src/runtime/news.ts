import type { Clock } from "./clock.ts";

/** How long the same thing is not said again, ms. */
const QUIET_MS = 60_000;

/**
 * Whether something is worth a line in the log: a failure that is tried again and again is said when it is
 * new, when it changes, and once a minute after that.
 */
export class News {
  readonly #clock: Clock;
  #last: string | undefined;
  #at = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  is(text: string): boolean {
    const now = this.#clock.now();
    if (text === this.#last && now - this.#at < QUIET_MS) return false;
    this.#last = text;
    this.#at = now;
    return true;
  }

  /** All is well: the next failure is news again. */
  reset(): void {
    this.#last = undefined;
  }
}

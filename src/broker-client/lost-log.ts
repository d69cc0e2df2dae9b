import type { Clock, Timer } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";

/** How often at most it is said, ms. */
const EVERY_MS = 5000;

/** Says in the log that publishes were lost whose publishers were told, at level `worker`, that all is well. */
export class LostLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  #count = 0;
  #last = "";
  #timer: Timer | undefined;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  note(error: Error): void {
    this.#count += 1;
    this.#last = error.message;
    if (this.#timer === undefined) this.#say();
  }

  #say(): void {
    this.#timer = this.#clock.after(EVERY_MS, () => {
      this.#timer = undefined;
      if (this.#count > 0) this.#say();
    });
    this.#log.warn("publishes acknowledged at level worker could not be passed on", {
      count: this.#count,
      last: this.#last,
    });
    this.#count = 0;
  }
}

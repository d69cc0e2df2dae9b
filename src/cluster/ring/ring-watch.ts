import type { Clock } from "../../runtime/clock.ts";
import type { CurrentRing } from "./current-ring.ts";

/** Counts the changes of the ring that a member sees, and remembers when the last one was. */
export class RingWatch {
  readonly #clock: Clock;
  #changes = 0;
  #changedAt: number;

  constructor(ring: CurrentRing, clock: Clock) {
    this.#clock = clock;
    this.#changedAt = clock.now();
    ring.onAdopted(() => {
      this.#changes += 1;
      this.#changedAt = clock.now();
    });
  }

  /** Rings adopted since the start. */
  get changes(): number {
    return this.#changes;
  }

  /** How long the ring has been as it is, or the process without one, seconds. */
  get age(): number {
    return (this.#clock.now() - this.#changedAt) / 1000;
  }
}

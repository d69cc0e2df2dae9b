/** Decides when the next publication is to be sent. Times are µs. */
export interface Pacer {
  /** The intended time of the next publication if it is due, else -1. */
  due(now: number, inFlight: number): number;
  /** The one that was due has been sent. */
  sent(): void;
  /** How long until one is due by the clock alone, µs; infinite when something has to arrive first. */
  untilNext(now: number): number;
}

/**
 * Open loop: the times of all publications are fixed from the start. What could not be sent in time is sent
 * as soon as it can be, and is timed from when it should have been, so that a stall of the server is seen in
 * every publication that it held up.
 */
export class OpenLoop implements Pacer {
  readonly #start: number;
  readonly #stepUs: number;
  #count = 0;

  /** @param start when the first one is due, µs */
  constructor(perSecond: number, start: number) {
    this.#start = start;
    this.#stepUs = 1_000_000 / perSecond;
  }

  due(now: number): number {
    const time = this.#next;
    return time <= now ? time : -1;
  }

  sent(): void {
    this.#count++;
  }

  untilNext(now: number): number {
    return Math.max(0, this.#next - now);
  }

  /** From the start each time: a sum of steps would drift. */
  get #next(): number {
    return Math.ceil(this.#start + this.#count * this.#stepUs);
  }
}

/** Closed loop: as soon as one of the window is done, the next one is sent. */
export class ClosedLoop implements Pacer {
  readonly #window: number;

  constructor(window: number) {
    this.#window = window;
  }

  due(now: number, inFlight: number): number {
    return inFlight < this.#window ? now : -1;
  }

  sent(): void {
    // What is in flight is counted elsewhere.
  }

  untilNext(): number {
    return Number.POSITIVE_INFINITY;
  }
}

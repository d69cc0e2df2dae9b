/** How often `tick` is to be called, ms. */
export const CANARY_TICK_MS = 250;
/** How long a canary may be unanswered unless something else is configured, ms. */
export const CANARY_LIMIT_MS = 3000;
/** Ticks between a canary and the next: 1 s, more or less, so that those of many workers do not meet. */
const LEAST_TICKS = 3;
const MORE_TICKS = 3;

/** What a canary sees of the connection to its broker. */
export interface CanaryPort {
  readonly takesCanaries: boolean;
  /** Grows with everything by which the broker shows that it serves. */
  readonly progress: number;
  sendCanary(number: number): void;
}

export interface CanaryOptions {
  /** How long one may be unanswered, ms. */
  readonly limit: number;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** The connection, if there is one. */
  readonly port: () => CanaryPort | undefined;
  /** One came back, after so many ms. */
  readonly answered: (ms: number) => void;
}

/**
 * Whether what a worker publishes gets through a broker, tried about once a second. One is on its way at a time: when
 * it is late, others are sent, and the first that comes back proves that the way is open again.
 *
 * Time is counted in own ticks: a worker that stood still itself reads what waited before it counts on. Pure.
 */
export class Canary {
  readonly #options: CanaryOptions;
  readonly #limitTicks: number;
  #number = 0;
  #isOnItsWay = false;
  #sentAt = 0;
  /** Ticks since the first one was sent that is not answered. */
  #age = 0;
  /** Ticks until the next one is sent. */
  #wait = 0;
  /** Ticks in which the broker did nothing that could be seen. */
  #idle = 0;
  #progress = 0;
  /** The broker says that it waits for another member. */
  #isExcused = false;
  #isLate = false;

  constructor(options: CanaryOptions) {
    this.#options = options;
    this.#limitTicks = Math.ceil(options.limit / CANARY_TICK_MS);
  }

  /** Whether one is unanswered for longer than it may be, and none was answered since. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** Whether the broker is to blame: it is silent about everything else too, and names nobody that it waits for. */
  get accuses(): boolean {
    return this.#age >= this.#limitTicks && this.#idle >= this.#limitTicks && !this.#isExcused;
  }

  /** There is a new connection, or a new ring: what was on its way is forgotten, and the next one is sent. */
  restart(): void {
    this.#isOnItsWay = false;
    this.#age = 0;
    this.#idle = 0;
    this.#isExcused = false;
    this.#send();
  }

  /** To be called every `CANARY_TICK_MS`. */
  tick(): void {
    const port = this.#options.port();
    if (port === undefined) return;
    this.#idle = port.progress === this.#progress ? this.#idle + 1 : 0;
    this.#progress = port.progress;
    this.#wait -= 1;
    if (this.#isOnItsWay) {
      this.#age += 1;
      if (this.#age >= this.#limitTicks) this.#isLate = true;
    }
    if (this.#wait <= 0 && (!this.#isOnItsWay || this.#isLate)) this.#send();
  }

  held(number: number): void {
    if (!this.#isOnItsWay || number !== this.#number) return;
    this.#isOnItsWay = false;
    this.#isLate = false;
    this.#isExcused = false;
    this.#age = 0;
    this.#options.answered(this.#options.now() - this.#sentAt);
  }

  waits(number: number): void {
    if (number === this.#number) this.#isExcused = true;
  }

  #send(): void {
    const { port: portOf, random, now } = this.#options;
    this.#wait = LEAST_TICKS + Math.floor(random() * MORE_TICKS);
    const port = portOf();
    if (port === undefined) return;
    if (!port.takesCanaries) {
      this.#isLate = false; // an earlier release: that it is linked has to do
      return;
    }
    this.#number += 1;
    this.#isOnItsWay = true;
    this.#sentAt = now();
    port.sendCanary(this.#number);
  }
}

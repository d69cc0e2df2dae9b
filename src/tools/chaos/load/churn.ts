import type { Load } from "./load.ts";
import type { Subscriber } from "./subscriber.ts";

const COMES_EVERY_MS = 1000;
const STAYS_MS = 5000;
/** How long a guest waits at most for what it is owed before it leaves, ms. */
const LINGERS_MS = 20_000;
const MOST_AT_A_TIME = 40;
const CHANNELS_EACH = 10;

interface Guest {
  readonly subscriber: Subscriber;
  readonly since: number;
}

/** Clients that come, subscribe, stay a little and go, one each second, all the time. */
export class Churn {
  readonly #load: Load;
  readonly #channels: number;
  readonly #workers: () => readonly string[];
  readonly #guests = new Set<Guest>();
  #timer: NodeJS.Timeout | undefined;
  #came = 0;

  /** @param workers names of those that run now */
  constructor(load: Load, channels: number, workers: () => readonly string[]) {
    this.#load = load;
    this.#channels = channels;
    this.#workers = workers;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), COMES_EVERY_MS);
  }

  /** Nobody comes any more. Those that are there stay to the end of the load. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const now = performance.now();
    for (const guest of this.#guests) {
      const stayed = now - guest.since;
      if (stayed < STAYS_MS) continue;
      if (!guest.subscriber.isSatisfied && stayed < STAYS_MS + LINGERS_MS) continue;
      this.#guests.delete(guest);
      this.#load.leave(guest.subscriber);
    }
    const workers = this.#workers();
    const worker = workers[this.#came % workers.length];
    if (worker === undefined || this.#guests.size >= MOST_AT_A_TIME) return;
    const count = Math.min(CHANNELS_EACH, this.#channels);
    const first = (this.#came++ * count) % this.#channels;
    const channels = Array.from({ length: count }, (_, n) => (first + n) % this.#channels);
    this.#guests.add({ subscriber: this.#load.guest(channels, worker), since: now });
  }
}

import type { Clock, Timer } from "../../../runtime/clock.ts";
import { LoadError } from "../load-error.ts";
import type { Client } from "./client.ts";

/** How long a connection may take to be ready. */
const READY_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 250;
const ATTEMPTS = 3;

/** Makes the connection of a client. Its end is told with `ended`, once it is ready with `ready`. */
export type Dial = (number: number) => Client;

/**
 * Connects many clients, so many at a time. One that fails is tried again twice; when nobody gets through for
 * as long as one connection may take, all others are given up.
 */
export class Crowd {
  readonly #count: number;
  readonly #atATime: number;
  readonly #dial: Dial;
  readonly #clock: Clock;
  /** Clients that are connecting, by number, and since when (ms). */
  readonly #connecting = new Map<number, { readonly client: Client; readonly since: number }>();
  readonly #attempts = new Map<number, number>();
  readonly #again: number[] = [];
  readonly #done: Promise<void>;
  #resolve: () => void = () => {};
  #reject: (error: LoadError) => void = () => {};
  #next = 0;
  #settled = 0;
  #ready = 0;
  #lastReadyAt = 0;
  #timer: Timer | undefined;
  #lastReason = "";

  constructor(count: number, atATime: number, dial: Dial, clock: Clock) {
    this.#count = count;
    this.#atATime = atATime;
    this.#dial = dial;
    this.#clock = clock;
    this.#done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /**
   * Connects all. Resolves when each is ready or given up.
   *
   * @throws {LoadError} if none of them is ready
   */
  connect(): Promise<void> {
    this.#lastReadyAt = this.#clock.now();
    this.#timer = this.#clock.every(LOOK_EVERY_MS, () => this.#look());
    if (this.#count === 0) this.#finish();
    else this.#fill();
    return this.#done;
  }

  /** Begins no more connections, and watches over none. Those that are there stay. */
  stop(): void {
    this.#timer?.cancel();
    this.#next = this.#count;
    this.#again.length = 0;
  }

  ready(number: number): void {
    this.#connecting.delete(number);
    this.#ready++;
    this.#lastReadyAt = this.#clock.now();
    this.#settle();
  }

  /** A connection ended. @returns whether it was one that was not ready yet */
  ended(number: number, reason: string | undefined): boolean {
    if (!this.#connecting.delete(number)) return false;
    this.#lastReason = reason ?? this.#lastReason;
    const attempts = (this.#attempts.get(number) ?? 0) + 1;
    this.#attempts.set(number, attempts);
    if (attempts < ATTEMPTS) {
      this.#again.push(number);
      this.#fill();
    } else this.#settle();
    return true;
  }

  #settle(): void {
    this.#settled++;
    if (this.#settled < this.#count) return this.#fill();
    this.#finish();
  }

  #finish(): void {
    this.#timer?.cancel();
    if (this.#ready > 0 || this.#count === 0) this.#resolve();
    else this.#reject(new LoadError(`None of ${this.#count} connections became ready: ${this.#lastReason}`));
  }

  #fill(): void {
    while (this.#connecting.size < this.#atATime) {
      const number = this.#next < this.#count ? this.#next++ : this.#again.shift();
      if (number === undefined) return;
      this.#connecting.set(number, { client: this.#dial(number), since: this.#clock.now() });
    }
  }

  #look(): void {
    const now = this.#clock.now();
    if (now - this.#lastReadyAt > READY_WITHIN_MS + LOOK_EVERY_MS) {
      this.#lastReason ||= `no answer within ${READY_WITHIN_MS} ms`;
      this.stop();
      this.#settled = this.#count;
      const left = [...this.#connecting.values()];
      this.#connecting.clear();
      for (const { client } of left) client.connection.destroy(this.#lastReason);
      return this.#finish();
    }
    for (const { client, since } of this.#connecting.values())
      if (now - since > READY_WITHIN_MS) client.connection.destroy(`not ready within ${READY_WITHIN_MS} ms`);
  }
}

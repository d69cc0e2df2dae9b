import { setTimeout as after } from "node:timers/promises";
import { ChaosError } from "../chaos-error.ts";
import { Checker } from "../check/checker.ts";
import type { Tally } from "../check/tally.ts";
import { Client, type Place } from "./client.ts";
import { dataOf, nameOf, PROBE } from "./message.ts";
import { Pace } from "./pace.ts";
import { Subscriber } from "./subscriber.ts";

export interface LoadOptions {
  /** Messages a second, over all publishers. */
  readonly rate: number;
  readonly channels: number;
  /** In front of the channels' names, so that runs do not meet. */
  readonly prefix: string;
  /** Workers that may come besides those that are there at first. */
  readonly newcomers: number;
  /** Where a client goes whose home is this worker: there, or elsewhere if it cannot be used. */
  readonly placeFor: (worker: string) => Promise<number>;
}

/** Clients of each worker that publish; and channels of each that subscribes. */
const PUBLISHERS_EACH = 2;
const CHANNELS_EACH = 100;
const TICK_MS = 4;
const POLL_MS = 50;
const PROBE_EVERY_MS = 500;
const READY_WITHIN_MS = 30_000;
/** Publishes at a time whose answer is waited for: more than any limit that a server may have in 10 s. */
const MOST_PENDING = 60_000;

/** Publishers and subscribers on each worker, and what becomes of every message. */
export class Load {
  readonly checker: Checker;
  readonly #options: LoadOptions;
  readonly #publishers: Client[] = [];
  readonly #subscribers: Subscriber[] = [];
  readonly #guests = new Set<Subscriber>();
  #timer: NodeJS.Timeout | undefined;
  #pace: Pace | undefined;
  #turn = 0;
  #heldBack = 0;

  /** @param workers their names */
  constructor(workers: readonly string[], options: LoadOptions) {
    this.#options = options;
    const publishers = (workers.length + options.newcomers) * PUBLISHERS_EACH;
    this.checker = new Checker(options.channels, publishers);
    for (const worker of workers) this.join(worker);
  }

  /** Due and not published: too many waited for an answer, nobody was connected, or this process stood still. */
  get heldBack(): number {
    return this.#heldBack + (this.#pace?.skipped ?? 0);
  }

  /** How often connections of clients ended without their wish. */
  get disconnects(): number {
    const clients = [...this.#publishers, ...this.#subscribers.map(({ client }) => client)];
    return clients.reduce((sum, { disconnects }) => sum + disconnects, 0);
  }

  /** Clients for one worker more: they connect as soon as it lets them. */
  join(worker: string): void {
    const place: Place = () => this.#options.placeFor(worker);
    for (let count = 0; count < PUBLISHERS_EACH; count++) {
      const publisher = new Client(place);
      this.#publishers.push(publisher);
      void publisher.connect();
    }
    const { channels } = this.#options;
    for (let first = 0; first < channels; first += CHANNELS_EACH) {
      const some = Array.from({ length: Math.min(CHANNELS_EACH, channels - first) }, (_, n) => first + n);
      const subscriber = this.#subscriber(some, place, worker);
      this.#subscribers.push(subscriber);
    }
  }

  /** A client that comes and goes. It belongs to whoever asked for it. */
  guest(channels: readonly number[], worker: string): Subscriber {
    const place: Place = () => this.#options.placeFor(worker);
    const guest = this.#subscriber(channels, place, `${worker} (guests)`);
    this.#guests.add(guest);
    return guest;
  }

  /** Ends a guest, when it has what it is owed. */
  leave(guest: Subscriber): void {
    this.#guests.delete(guest);
    guest.end(performance.now());
  }

  /**
   * Waits until everybody is connected and subscribed, and then until a message has found its way to every
   * subscription: some servers acknowledge a subscription before it is one.
   *
   * @throws {ChaosError} if that takes too long
   */
  async becomesReady(signal: AbortSignal): Promise<void> {
    await this.#until("all clients are connected and subscribed", signal, () => {
      return (
        this.#publishers.every(({ isConnected }) => isConnected) &&
        this.#subscribers.every(({ isOpen }) => isOpen)
      );
    });
    let probedAt = -Infinity;
    await this.#until("a message comes to every subscription", signal, () => {
      if (performance.now() - probedAt >= PROBE_EVERY_MS) {
        probedAt = performance.now();
        for (let channel = 0; channel < this.#options.channels; channel++) this.#probe(channel);
      }
      return this.#subscribers.every(({ isReached }) => isReached);
    });
  }

  /** Begins to publish. */
  start(): void {
    const pace = new Pace(this.#options.rate, performance.now());
    this.#pace = pace;
    this.#timer = setInterval(() => {
      for (let due = pace.due(performance.now()); due > 0; due--) this.#publishNext();
    }, TICK_MS);
  }

  /** Publishes no more. */
  stop(): void {
    clearInterval(this.#timer);
    this.checker.quiet(performance.now());
  }

  /** Waits until all that can come has come, but not longer than so many ms. */
  async drain(withinMs: number, signal: AbortSignal): Promise<void> {
    const until = performance.now() + withinMs;
    while (!this.checker.isSettled && performance.now() < until) await after(POLL_MS, undefined, { signal });
    // A message that comes once more would come about now.
    await after(PROBE_EVERY_MS, undefined, { signal });
  }

  /** Adds up, and disconnects everybody. */
  end(): Tally {
    this.stop();
    const tally = this.checker.finish(performance.now());
    for (const client of this.#publishers) client.close();
    for (const subscriber of [...this.#subscribers, ...this.#guests]) subscriber.client.close();
    return tally;
  }

  #subscriber(channels: readonly number[], place: Place, group: string): Subscriber {
    const nameOfChannel = (channel: number): string => this.#nameOf(channel);
    const subscriber = new Subscriber(this.checker, channels, nameOfChannel, place, group);
    subscriber.connect();
    return subscriber;
  }

  #nameOf(channel: number): string {
    return `${this.#options.prefix}${channel}`;
  }

  /** On each channel in turn, by another publisher in each round. */
  #publishNext(): void {
    const { channels } = this.#options;
    const turn = this.#turn++;
    const first = turn + Math.floor(turn / channels);
    const publisher = this.#connected(first);
    if (publisher === undefined || this.checker.pending >= MOST_PENDING) {
      this.#heldBack += 1;
      return;
    }
    void this.#publish(turn % channels, publisher);
  }

  /** The number of a publisher that is connected, this one or a next. */
  #connected(first: number): number | undefined {
    const count = this.#publishers.length;
    for (let tried = 0; tried < count; tried++) {
      const number = (first + tried) % count;
      if (this.#publishers[number]?.isConnected) return number;
    }
    return undefined;
  }

  async #publish(channel: number, publisher: number): Promise<void> {
    const message = this.checker.publish(channel, publisher, performance.now());
    try {
      await this.#publishers[publisher]?.publish(this.#nameOf(channel), dataOf(message));
      this.checker.acknowledge(message);
    } catch (error) {
      this.checker.reject(message, nameOf(error));
    }
  }

  #probe(channel: number): void {
    for (const publisher of this.#publishers) {
      // Only what comes is looked at.
      publisher.publish(this.#nameOf(channel), PROBE).catch(() => {});
    }
  }

  async #until(what: string, signal: AbortSignal, holds: () => boolean): Promise<void> {
    const until = performance.now() + READY_WITHIN_MS;
    while (!holds()) {
      if (performance.now() > until)
        throw new ChaosError(`Cannot begin: waited ${READY_WITHIN_MS / 1000} s in vain until ${what}`);
      await after(POLL_MS, undefined, { signal });
    }
  }
}

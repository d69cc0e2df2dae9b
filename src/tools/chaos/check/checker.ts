import { Order } from "./order.ts";
import { Stream } from "./stream.ts";
import { Subscription } from "./subscription.ts";
import type { PauseTally, Tally } from "./tally.ts";

/** One message, as it goes through the servers: who published it, its sequence, its place in its channel. */
export interface Message {
  readonly channel: number;
  readonly publisher: number;
  readonly sequence: number;
  readonly position: number;
}

interface Channel {
  readonly streams: readonly Stream[];
  readonly open: Set<Subscription>;
  readonly order: Order;
  published: number;
  longestPauseMs: number;
}

/**
 * Follows every message from its publisher to every subscription that it is owed to. Pure: times (ms, of any
 * clock that only grows) come in as arguments. Publishers and channels are numbers from 0 on.
 */
export class Checker {
  readonly #channels: readonly Channel[];
  readonly #rejected = new Map<string, number>();
  readonly #lostBy = new Map<string, number>();
  readonly #subscriptions = new Set<Subscription>();
  readonly #publishers: number;
  #sent = 0;
  #acknowledged = 0;
  #delivered = 0;
  #lost = 0;
  #duplicated = 0;
  #reordered = 0;
  #unknown = 0;
  #interrupted = 0;
  #missedMeanwhile = 0;

  constructor(channels: number, publishers: number) {
    this.#publishers = publishers;
    this.#channels = Array.from({ length: channels }, () => ({
      streams: Array.from({ length: publishers }, () => new Stream()),
      open: new Set(),
      order: new Order(),
      published: 0,
      longestPauseMs: 0,
    }));
  }

  get sent(): number {
    return this.#sent;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get rejected(): number {
    return sum(this.#rejected.values());
  }

  get deliveries(): number {
    return this.#delivered;
  }

  /** Messages on which a publisher still waits. */
  get pending(): number {
    return this.#sent - this.#acknowledged - this.rejected;
  }

  /** A message is about to be published. */
  publish(channel: number, publisher: number, now: number): Message {
    const here = this.#channel(channel);
    const sequence = streamOf(here, publisher).next();
    here.published += 1;
    this.#sent += 1;
    for (const subscription of here.open) subscription.pause.published(here.published, now);
    return { channel, publisher, sequence, position: here.published };
  }

  acknowledge({ channel, publisher, sequence }: Message): void {
    this.#acknowledged += 1;
    streamOf(this.#channel(channel), publisher).ended(sequence, "acknowledged");
  }

  /** @param name of the error */
  reject({ channel, publisher, sequence }: Message, name: string): void {
    this.#rejected.set(name, (this.#rejected.get(name) ?? 0) + 1);
    streamOf(this.#channel(channel), publisher).ended(sequence, "rejected");
  }

  /** A subscription that is not acknowledged yet. @param group see `Subscription` */
  subscribe(channel: number, group: string): Subscription {
    const subscription = new Subscription(channel, group, this.#channel(channel).streams);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** The server acknowledged it, for the first time or again. */
  opened(subscription: Subscription): void {
    if (!this.#subscriptions.has(subscription)) return;
    this.#channel(subscription.channel).open.add(subscription);
    subscription.opened();
  }

  /** Its client's connection ended. */
  interrupted(subscription: Subscription): void {
    if (!subscription.isOpen) return;
    this.#channel(subscription.channel).open.delete(subscription);
    this.#interrupted += 1;
    this.#missedMeanwhile += subscription.interrupted();
  }

  /** It ends as it should: what it is still owed is lost. */
  closed(subscription: Subscription, now: number): void {
    if (!this.#subscriptions.delete(subscription)) return;
    const { channel, group, pause } = subscription;
    const lost = subscription.owed().acknowledged;
    this.#lost += lost;
    if (lost > 0) this.#lostBy.set(group, (this.#lostBy.get(group) ?? 0) + lost);
    pause.ended(now);
    const here = this.#channel(channel);
    here.longestPauseMs = Math.max(here.longestPauseMs, pause.longestMs);
    here.open.delete(subscription);
  }

  delivered(subscription: Subscription, message: Omit<Message, "channel">, now: number): void {
    const { publisher, sequence, position } = message;
    this.#delivered += 1;
    const delivery = subscription.delivered(publisher, sequence);
    if (delivery === "unknown") this.#unknown += 1;
    else if (delivery === "repeated") this.#duplicated += 1;
    else {
      if (delivery === "late") this.#reordered += 1;
      subscription.pause.delivered(position, now);
      const { order } = this.#channel(subscription.channel);
      order.saw(subscription, sequence * this.#publishers + publisher);
    }
  }

  /** Nothing is published any more: who hears nothing from now on has no pause. */
  quiet(now: number): void {
    for (const { pause } of this.#subscriptions) pause.ended(now);
  }

  /** Whether nothing can come that would still count. */
  get isSettled(): boolean {
    if (this.pending > 0) return false;
    for (const subscription of this.#subscriptions) if (subscription.owed().acknowledged > 0) return false;
    return true;
  }

  /** Closes what is open, and adds up. */
  finish(now: number): Tally {
    for (const subscription of [...this.#subscriptions]) this.closed(subscription, now);
    return {
      sent: this.#sent,
      acknowledged: this.#acknowledged,
      rejected: Object.fromEntries(this.#rejected),
      unanswered: this.pending,
      delivered: this.#delivered,
      lost: this.#lost,
      lostBy: Object.fromEntries(this.#lostBy),
      duplicated: this.#duplicated,
      reordered: this.#reordered,
      disagreed: sum(this.#channels.map(({ order }) => order.disagreed)),
      unknown: this.#unknown,
      interrupted: this.#interrupted,
      missedMeanwhile: this.#missedMeanwhile,
      pause: pauseTally(this.#channels.map(({ longestPauseMs }) => longestPauseMs)),
    };
  }

  #channel(channel: number): Channel {
    const found = this.#channels[channel];
    if (found === undefined)
      throw new RangeError(`There are ${this.#channels.length} channels, not ${channel}`);
    return found;
  }
}

function streamOf({ streams }: Channel, publisher: number): Stream {
  const stream = streams[publisher];
  if (stream === undefined) throw new RangeError(`There are ${streams.length} publishers, not ${publisher}`);
  return stream;
}

function pauseTally(longest: readonly number[]): PauseTally {
  const sorted = longest.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? 0;
  const longestMs = at(1);
  const channel = longestMs > 0 ? longest.indexOf(longestMs) : undefined;
  return { longestMs, channel, medianMs: at(0.5), p90Ms: at(0.9) };
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

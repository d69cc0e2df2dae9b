import { PublishFrames } from "../protocol/frames.ts";
import type { Turn } from "../runtime/turn.ts";
import { Batch } from "./batch.ts";
import type { Publication } from "./publication.ts";

/** Whatever can be handed publications: a client's connection, the application's exchange, a test's inbox. */
export interface Subscriber {
  /**
   * Takes what one turn brought to one channel. Must neither block nor throw (a subscriber that cannot keep
   * up closes itself), and must not subscribe or unsubscribe from within the call.
   */
  receive(batch: Batch): void;
}

interface Channel {
  readonly frames: PublishFrames;
  readonly subscribers: Set<Subscriber>;
  pending: Publication[];
}

/**
 * Who, on this process, is subscribed to which channel.
 *
 * Publications are gathered per channel until the turn ends, and are then handed over together: a busy
 * channel costs each subscriber one call and one write per turn. A channel without subscribers holds no
 * memory. The hub knows nothing of sockets or the cluster, and keeps nothing per subscriber: a subscriber
 * knows its own channels.
 */
export class Hub {
  readonly #channels = new Map<string, Channel>();
  readonly #turn: Turn;
  #waiting: Channel[] = [];
  #subscriptions = 0;
  #deliveries = 0;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** Channels with at least one subscriber here. */
  get channels(): IterableIterator<string> {
    return this.#channels.keys();
  }

  get channelCount(): number {
    return this.#channels.size;
  }

  /** Pairs of subscriber and channel. */
  get subscriptionCount(): number {
    return this.#subscriptions;
  }

  /** Publications handed to subscribers since the start: one publication to three subscribers counts three. */
  get deliveryCount(): number {
    return this.#deliveries;
  }

  has(channel: string): boolean {
    return this.#channels.has(channel);
  }

  isSubscribed(channel: string, subscriber: Subscriber): boolean {
    return this.#channels.get(channel)?.subscribers.has(subscriber) ?? false;
  }

  subscriberCount(channel: string): number {
    return this.#channels.get(channel)?.subscribers.size ?? 0;
  }

  /**
   * Subscribes. Subscribing twice is the same as once. What was published before is not delivered to the
   * newcomer, also not what still waits for the end of the turn.
   */
  subscribe(name: string, subscriber: Subscriber): void {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = { frames: new PublishFrames(name), subscribers: new Set(), pending: [] };
      this.#channels.set(name, channel);
    }
    if (channel.subscribers.has(subscriber)) return;
    this.#flush(channel);
    channel.subscribers.add(subscriber);
    this.#subscriptions += 1;
  }

  /** Unsubscribes; what was delivered before still arrives. Without a subscription it does nothing. */
  unsubscribe(name: string, subscriber: Subscriber): void {
    const channel = this.#channels.get(name);
    if (channel === undefined || !channel.subscribers.has(subscriber)) return;
    this.#flush(channel);
    channel.subscribers.delete(subscriber);
    this.#subscriptions -= 1;
    if (channel.subscribers.size === 0) this.#channels.delete(name);
  }

  /** Hands a publication to every subscriber of its channel, when the turn ends. */
  deliver(publication: Publication): void {
    const channel = this.#channels.get(publication.channel);
    if (channel === undefined) return;
    channel.pending.push(publication);
    if (channel.pending.length > 1) return;
    this.#waiting.push(channel);
    if (this.#waiting.length === 1) this.#turn.deliver(this.#flushAll);
  }

  /** Hands over at once what waits for the end of the turn. */
  flush(): void {
    this.#flushAll();
  }

  readonly #flushAll = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const channel of waiting) this.#flush(channel);
  };

  #flush(channel: Channel): void {
    const publications = channel.pending;
    if (publications.length === 0) return;
    channel.pending = [];
    const batch = new Batch(channel.frames, publications);
    this.#deliveries += publications.length * channel.subscribers.size;
    // The hottest loop of the system: one turn per channel and subscriber. Hence a plain loop over one
    // shared object, with no promise, event or copy: whatever is added here is paid once per socket.
    for (const subscriber of channel.subscribers) subscriber.receive(batch);
  }
}

import { ChannelLog, type LogEntry } from "../pubsub/channel-log.ts";
import { type TailBounds, Tails } from "../pubsub/tails.ts";
import type { CurrentRing } from "./current-ring.ts";

/** A subscribed worker, as its channel's log sees it. */
export interface LogSubscriber {
  /** A message in its place. `cameHere`: this very link brought it just now, at this position. */
  appended(owned: OwnedLog, entry: LogEntry, cameHere: number | undefined): void;
}

/** A log that this broker owns, and the links that follow it. */
export interface OwnedLog {
  readonly log: ChannelLog;
  readonly subscribers: Set<LogSubscriber>;
  /** Whether this broker stopped owning it: whoever holds on to it asks anew. */
  closed: boolean;
}

export interface OwnerOptions {
  readonly instanceId: string;
  readonly bounds: TailBounds;
  /** Logs at a time; a publish on one more channel is refused. */
  readonly maxChannels: number;
}

/** No worker sends anything again after so long: see the largest value of SCC_PUBLISH_LIMIT. */
const LONGEST_RESEND_MS = 60_000;
const LOGS_PER_SWEEP = 50_000;
/** Origins of a busy channel from which on those not heard for long are looked for. */
const MANY_ORIGINS = 32;

/**
 * The broker's side of channels: gives each message of a channel its place, keeps the newest for a while,
 * and hands them to the links that are subscribed. It never looks into a message. Pure: time is handed in.
 */
export class Owner {
  readonly #options: OwnerOptions;
  readonly #ring: CurrentRing;
  readonly #now: () => number;
  readonly #tails: Tails;
  readonly #logs = new Map<string, OwnedLog>();
  #sweeping = this.#logs.values();
  #opened = 0;
  #messages = 0;
  #repeats = 0;

  /** @param now ms of a clock that only goes forward */
  constructor(options: OwnerOptions, ring: CurrentRing, now: () => number) {
    this.#options = options;
    this.#ring = ring;
    this.#now = now;
    this.#tails = new Tails(options.bounds);
  }

  get channelCount(): number {
    return this.#logs.size;
  }

  get tailBytes(): number {
    return this.#tails.bytes;
  }

  /** Messages put in order since the start. */
  get messageCount(): number {
    return this.#messages;
  }

  /** Messages that were sent again and dropped. */
  get repeatCount(): number {
    return this.#repeats;
  }

  /** Whether the current ring gives this channel to this broker. */
  owns(channel: string): boolean {
    return this.#ring.placement.owner(channel)?.instanceId === this.#options.instanceId;
  }

  /** Whether a log for one more channel may be opened. */
  hasRoomFor(channel: string): boolean {
    return this.#logs.size < this.#options.maxChannels || this.#logs.has(channel);
  }

  /** The log of a channel, if there is one. */
  find(channel: string): OwnedLog | undefined {
    return this.#logs.get(channel);
  }

  /** The log of a channel that this broker owns, opened if there is none. */
  open(channel: string): OwnedLog {
    const known = this.#logs.get(channel);
    if (known !== undefined) return known;
    this.#opened += 1;
    const log = new ChannelLog(channel, { ring: this.#ring.version, count: this.#opened });
    const owned: OwnedLog = { log, subscribers: new Set(), closed: false };
    this.#logs.set(channel, owned);
    return owned;
  }

  /**
   * Puts a message in its place and hands it to the subscribed links.
   *
   * @param bytes a view that is only valid during the call
   * @param from the link it came by, and its position there; absent if it came by none
   * @returns false if it was there already
   */
  append(
    owned: OwnedLog,
    message: { readonly origin: string; readonly sequence: number; readonly bytes: Buffer },
    from: { readonly subscriber: LogSubscriber; readonly position: number } | undefined,
  ): boolean {
    const now = this.#now();
    const { log, subscribers } = owned;
    if (log.origins.seen(message.origin, message.sequence, now)) {
      this.#repeats += 1;
      return false;
    }
    // The tail outlives the frame that the bytes came in, and must not hold on to all of it.
    const entry = log.append(message.origin, message.sequence, Buffer.from(message.bytes), now);
    this.#messages += 1;
    this.#tails.appended(log, entry.bytes.length, now);
    for (const subscriber of subscribers) {
      subscriber.appended(owned, entry, subscriber === from?.subscriber ? from.position : undefined);
    }
    return true;
  }

  /**
   * Takes away what is too old, and logs that nothing is left of. To be called every second or so. Looks at a
   * part of the logs each time, so that a million of them stop nobody.
   */
  sweep(): void {
    const now = this.#now();
    this.#tails.expire(now);
    for (let looked = 0; looked < LOGS_PER_SWEEP; looked++) {
      const next = this.#sweeping.next();
      if (next.done) {
        this.#sweeping = this.#logs.values();
        return;
      }
      this.#tidy(next.value, now);
    }
  }

  #tidy(owned: OwnedLog, now: number): void {
    const { log, subscribers } = owned;
    if (log.length > 0 && log.origins.size < MANY_ORIGINS) return;
    // While somebody may send something again, its repeats must be known.
    log.origins.forget(now - Math.max(this.#options.bounds.age, LONGEST_RESEND_MS));
    if (subscribers.size === 0 && log.length === 0 && log.origins.size === 0) this.#close(owned);
  }

  /** A ring was adopted: gives up what it gives to others. */
  adopted(): void {
    for (const owned of this.#logs.values()) {
      if (!this.owns(owned.log.channel)) this.#close(owned);
    }
  }

  #close(owned: OwnedLog): void {
    owned.closed = true;
    owned.subscribers.clear();
    this.#tails.remove(owned.log);
    this.#logs.delete(owned.log.channel);
  }
}

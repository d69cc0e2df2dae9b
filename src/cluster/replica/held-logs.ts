import type { ChannelLog, LogEntry } from "../../pubsub/channel-log.ts";
import { type TailBounds, Tails } from "../../pubsub/tails.ts";
import type { RingVersion } from "../../pubsub/version.ts";
import type { Copy } from "../peer/log-transfer.ts";

/** A log that a member holds: as its owner, as the owner's follower, or as an old copy that may still be wanted. */
export interface HeldLog {
  readonly log: ChannelLog;
  /**
   * The newest ring under which it was complete: served, or acknowledged as a whole. Of two copies the one with the
   * higher rank has everything that was ever confirmed or shown, and of the same rank the longer one.
   */
  rank: RingVersion;
  /** The instance that it is kept for as a follower; undefined for the owner's own. */
  ownerId: string | undefined;
}

/** No worker sends anything again after so long: see the largest value of SCC_PUBLISH_LIMIT. */
const LONGEST_RESEND_MS = 60_000;
const LOGS_PER_SWEEP = 50_000;
/** Origins of a busy channel from which on those not heard for long are looked for. */
const MANY_ORIGINS = 32;

/** All logs that a member holds, within the bounds of their tails. Pure: time is handed in. */
export class HeldLogs {
  readonly #bounds: TailBounds;
  readonly #now: () => number;
  readonly #tails: Tails;
  readonly #held = new Map<string, HeldLog>();
  #namesLength = 0;
  #sweeping = this.#held.values();
  /** Is shown each message that is given a place here, while somebody looks; null: nobody does. */
  tap: ((channel: string, bytes: Buffer) => void) | null = null;

  /** @param now ms of a clock that only goes forward */
  constructor(bounds: TailBounds, now: () => number) {
    this.#bounds = bounds;
    this.#now = now;
    this.#tails = new Tails(bounds);
  }

  get count(): number {
    return this.#held.size;
  }

  /** Characters of the names of their channels. */
  get namesLength(): number {
    return this.#namesLength;
  }

  /** Bytes in the tails of all of them. */
  get tailBytes(): number {
    return this.#tails.bytes;
  }

  find(channel: string): HeldLog | undefined {
    return this.#held.get(channel);
  }

  all(): IterableIterator<HeldLog> {
    return this.#held.values();
  }

  /** Time of the clock that tails age by, ms. */
  get now(): number {
    return this.#now();
  }

  /** Whether what happened then is as old as messages get, and nobody is promised anything from before. */
  isOld(at: number): boolean {
    return this.#now() - at > this.#bounds.age;
  }

  /** Holds a log from now on, in place of the one that was held for its channel. */
  put(held: HeldLog): void {
    const { log } = held;
    this.remove(log.channel);
    this.#held.set(log.channel, held);
    this.#namesLength += log.channel.length;
    for (const { bytes, at } of log.after(0)) this.#tails.appended(log, bytes.length, at);
  }

  remove(channel: string): void {
    const held = this.#held.get(channel);
    if (held === undefined) return;
    this.#tails.remove(held.log);
    this.#held.delete(channel);
    this.#namesLength -= channel.length;
  }

  removeAll(): void {
    for (const channel of [...this.#held.keys()]) this.remove(channel);
  }

  /** Gives a message its place at the end; undefined if its origin's sequence says that it is there already. */
  append(log: ChannelLog, origin: string, sequence: number, bytes: Buffer): LogEntry | undefined {
    const now = this.#now();
    if (log.origins.seen(origin, sequence, now)) return undefined;
    // The tail outlives the frame that the bytes came in, and must not hold on to all of it.
    const entry = log.append(origin, sequence, Buffer.from(bytes), now);
    this.#tails.appended(log, entry.bytes.length, now);
    if (this.tap !== null) this.tap(log.channel, entry.bytes);
    return entry;
  }

  /** Puts a message where its owner says, at the end of a log that is held. */
  place(log: ChannelLog, { origin, sequence, bytes }: Copy): void {
    const now = this.#now();
    log.origins.seen(origin, sequence, now);
    const entry = log.append(origin, sequence, Buffer.from(bytes), now);
    this.#tails.appended(log, entry.bytes.length, now);
  }

  /** As `place`, for a log that arrives and is not held yet. */
  gather(log: ChannelLog, { origin, sequence, bytes }: Copy): void {
    log.append(origin, sequence, Buffer.from(bytes), this.#now());
    while (log.length > this.#bounds.count || log.bytes > this.#bounds.bytes) {
      if (log.length === 1) return;
      log.dropOldest();
    }
  }

  /** The highest sequence of an origin, in a log that arrives. */
  note(log: ChannelLog, origin: string, sequence: number): void {
    log.origins.seen(origin, sequence, this.#now());
  }

  /**
   * Takes away what is too old. To be called every second or so. Looks at a part of the logs each time, so that a
   * million of them stop nobody.
   *
   * @param empty told of each log of which nothing is left: no message, and no sequence that may come again
   */
  sweep(empty: (held: HeldLog) => void): void {
    const now = this.#now();
    this.#tails.expire(now);
    for (let looked = 0; looked < LOGS_PER_SWEEP; looked++) {
      const next = this.#sweeping.next();
      if (next.done) {
        this.#sweeping = this.#held.values();
        return;
      }
      const { log } = next.value;
      if (log.length > 0 && log.origins.size < MANY_ORIGINS) continue;
      // While somebody may send something again, its repeats must be known.
      log.origins.forget(now - Math.max(this.#bounds.age, LONGEST_RESEND_MS));
      if (log.length === 0 && log.origins.size === 0) empty(next.value);
    }
  }
}

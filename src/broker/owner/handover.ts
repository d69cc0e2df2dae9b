import type { Offer } from "../../cluster/peer/log-transfer.ts";
import type { HeldLog } from "../../cluster/replica/held-logs.ts";
import { compareVersions, type RingVersion } from "../../pubsub/version.ts";
import { NameQueue } from "./name-queue.ts";

/** What a change of the ring asks of the owner, one log at a time. */
export interface HandoverActions {
  /** All members have said what they hold. */
  allDone(): void;
  /**
   * Fetches the best copy and brings it to the follower; `finished` is to be called when that is done.
   *
   * @param offer the best that others have
   */
  start(channel: string, offer: Offer | undefined): void;
  /** Bytes of the copy of a log that is held here. */
  sizeOf(channel: string): number;
  /** All logs are where they belong. */
  settled(): void;
}

/** Logs on their way at a time. */
const MOST_AT_A_TIME = 1024;

/**
 * One change of the ring, seen by an owner: hears what the others hold, until all have said so; then takes log after
 * log, those that somebody waits for first; then it is settled. Pure.
 */
export class Handover {
  readonly #actions: HandoverActions;
  /** Members that may still hold something better. */
  readonly #missing: Set<string>;
  readonly #offers = new Map<string, Offer>();
  readonly #mostBytes: number;
  /** Logs that somebody waits for, and those that nobody does, of which none is on its way yet. */
  readonly #urgent = new NameQueue();
  readonly #left = new NameQueue();
  /** Logs on their way, and what each takes. */
  readonly #underWay = new Map<string, number>();
  #bytes = 0;
  #isSettled = false;
  #isFilling = false;

  /**
   * @param others the brokers and keepers of the ring but this one
   * @param mostBytes that may be on their way at a time; one log always fits
   */
  constructor(others: Iterable<string>, mostBytes: number, actions: HandoverActions) {
    this.#missing = new Set(others);
    this.#mostBytes = mostBytes;
    this.#actions = actions;
  }

  /** Whether all members have stopped to serve under older rings, and said what they hold. */
  get isComplete(): boolean {
    return this.#missing.size === 0;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Members that have not said what they hold. */
  get missing(): ReadonlySet<string> {
    return this.#missing;
  }

  /** Logs that are not where they belong yet. */
  get leftCount(): number {
    return this.#urgent.size + this.#left.size + this.#underWay.size;
  }

  offered(channel: string, offer: Offer): void {
    // After its last word a member may say all of it again, on a new connection.
    if (!this.#missing.has(offer.from)) return;
    const best = this.#offers.get(channel);
    if (best === undefined || isBetter(offer, best)) this.#offers.set(channel, offer);
  }

  /** A member has offered all that it holds. */
  done(instanceId: string): void {
    if (this.#missing.delete(instanceId)) this.#review();
  }

  /** Nobody else is asked any more, if there was nobody to ask. */
  begin(): void {
    this.#review();
  }

  /** Starts with a log, now or, for all that wait, as the others get done. */
  add(channel: string): void {
    this.#left.add(channel);
  }

  /** The channels that were offered. */
  get offeredChannels(): Iterable<string> {
    return this.#offers.keys();
  }

  /** Whether somebody else holds a log of this channel. */
  isOffered(channel: string): boolean {
    return this.#offers.has(channel);
  }

  /** What was offered, if it is better than what is held here. */
  better(channel: string, held: HeldLog | undefined): Offer | undefined {
    const offer = this.#offers.get(channel);
    if (offer === undefined) return undefined;
    const own = held && { rank: held.rank, next: held.log.last + 1 };
    return own === undefined || isBetter(offer, own) ? offer : undefined;
  }

  /** Somebody waits for a log: it does not wait for others. @returns whether it is to be handed over at all */
  hurry(channel: string): boolean {
    if (this.#left.delete(channel)) {
      this.#urgent.add(channel);
      this.#fill();
    }
    return this.#urgent.has(channel) || this.#underWay.has(channel);
  }

  /** A log is where it belongs. */
  finished(channel: string): void {
    const size = this.#underWay.get(channel);
    if (size === undefined) return;
    this.#underWay.delete(channel);
    this.#bytes -= size;
    this.#fill();
  }

  #review(): void {
    if (!this.isComplete || this.#isSettled) return;
    this.#actions.allDone();
    this.#fill();
  }

  #fill(): void {
    // What is started may be finished at once, and lead here again.
    if (this.#isFilling || !this.isComplete) return;
    this.#isFilling = true;
    for (const channels of [this.#urgent, this.#left]) {
      while (!this.#isFull) {
        const channel = channels.take();
        if (channel === undefined) break;
        this.#start(channel);
      }
    }
    this.#isFilling = false;
    if (this.leftCount > 0 || this.#isSettled) return;
    this.#isSettled = true;
    // A million offers would stay until the next change.
    this.#offers.clear();
    this.#actions.settled();
  }

  get #isFull(): boolean {
    const { size } = this.#underWay;
    return size >= MOST_AT_A_TIME || (size > 0 && this.#bytes >= this.#mostBytes);
  }

  #start(channel: string): void {
    const offer = this.#offers.get(channel);
    const size = Math.max(offer?.size ?? 0, this.#actions.sizeOf(channel));
    this.#underWay.set(channel, size);
    this.#bytes += size;
    this.#actions.start(channel, offer);
  }
}

interface Copied {
  readonly rank: RingVersion;
  readonly next: number;
}

function isBetter(a: Copied, b: Copied): boolean {
  return (compareVersions(a.rank, b.rank) || a.next - b.next) > 0;
}

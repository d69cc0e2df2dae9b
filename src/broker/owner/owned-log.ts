import type { ChannelLog, LogEntry } from "../../pubsub/channel-log.ts";

/** A subscribed worker, as its channel's log sees it. */
export interface LogSubscriber {
  /** A message in its place, held safely. `cameHere`: this very link brought it, at this position. */
  appended(owned: OwnedLog, entry: LogEntry, cameHere: number | undefined): void;
  /** A log that it is subscribed to was given up for a better copy: it has to ask again from where it stands. */
  replaced(): void;
}

/** A worker's link that publishes come by. */
export interface Publisher extends LogSubscriber {
  /** The publish at this position of the link is held safely. */
  heldTwice(position: number): void;
}

/** The subscribers of each log that has none: a Set of its own would take a quarter of what the log takes. */
const NOBODY: ReadonlySet<LogSubscriber> = new Set();

/** A log that this broker owns under the current ring, and the links that are subscribed. */
export class OwnedLog {
  log: ChannelLog;
  #subscribers: Set<LogSubscriber> | undefined;
  /** Whether all that is needed has been done under the current ring: if not, whoever comes waits. */
  isServed = false;
  /** The instance that is known to hold all of it, and goes on to be told; undefined: nobody. */
  copiedTo: string | undefined;
  /** Whether this broker stopped owning it: whoever holds on to it asks anew. */
  closed = false;
  /** Since when subscribers may be on their way back: a link ended, or the channel came here; ms. `-Infinity`: none is. */
  awaitedSince: number;

  constructor(log: ChannelLog, awaitedSince: number) {
    this.log = log;
    this.awaitedSince = awaitedSince;
  }

  get subscribers(): ReadonlySet<LogSubscriber> {
    return this.#subscribers ?? NOBODY;
  }

  subscribe(subscriber: LogSubscriber): void {
    this.#subscribers ??= new Set();
    this.#subscribers.add(subscriber);
  }

  unsubscribe(subscriber: LogSubscriber): void {
    this.#subscribers?.delete(subscriber);
    if (this.#subscribers?.size === 0) this.#subscribers = undefined;
  }

  unsubscribeAll(): void {
    this.#subscribers = undefined;
  }

  get channel(): string {
    return this.log.channel;
  }

  /** Whether nothing would be missed if it were gone. */
  get isIdle(): boolean {
    return this.subscribers.size === 0 && this.log.length === 0 && this.log.origins.size === 0;
  }
}

import { type DataForm, PLAIN } from "../protocol/data-form.ts";
import type { Broker, PublishLevel, Settle } from "./broker.ts";
import type { Hub, Subscriber } from "./hub.ts";
import type { Publication } from "./publication.ts";

/** What a `PubSub` tells, synchronously, to whoever wants to know. Must not throw. */
export interface PubSubEvents {
  /** A channel has its first subscriber on this process. */
  subscribed(channel: string): void;
  /** A channel has lost its last subscriber on this process. */
  unsubscribed(channel: string): void;
  /** Somebody on this process published. */
  published(publication: Publication): void;
}

/** Times publishes while somebody looks. */
export interface PublishMeter {
  /** What is to be called in the place of `settle`: itself, or what takes the time and calls it. Must not throw. */
  timed(settle: Settle): Settle;
}

/**
 * What connections and the application use: the hub of this process joined to the broker behind it.
 * It asks the broker once per channel, however many subscribe here, and lets a subscriber know when its
 * subscription holds in the whole system.
 */
export class PubSub {
  readonly hub: Hub;
  #broker: Broker;
  readonly #level: PublishLevel | undefined;
  /** Channels that the broker has not answered for yet, and who waits for that. */
  readonly #asked = new Map<string, Settle[]>();
  /** Channels that have subscribers here, and whose broker's last answer was an error. */
  readonly #unheld = new Set<string>();
  #publications = 0;
  events: PubSubEvents | undefined;
  /** How the data of publications are written and read; only the server's codec decides that. */
  form: DataForm = PLAIN;
  /** Null while nobody looks. */
  meter: PublishMeter | null = null;

  /** @param level of publishes that are given none; by default the broker's */
  constructor(hub: Hub, broker: Broker, level?: PublishLevel) {
    this.hub = hub;
    this.#broker = broker;
    this.#level = level;
  }

  /** Publications accepted from clients and the application since the start. */
  get publicationCount(): number {
    return this.#publications;
  }

  /** See `Broker.publish`. */
  publish(
    publication: Publication,
    settle: Settle,
    level: PublishLevel | undefined = this.#level,
  ): Promise<void> | void {
    this.#publications += 1;
    const settled = this.meter === null ? settle : this.meter.timed(settle);
    const room = this.#broker.publish(publication, settled, level);
    this.events?.published(publication);
    return room;
  }

  /**
   * Lets another broker carry publications from now on. It is asked for every channel that is subscribed here;
   * subscribers keep their subscriptions meanwhile, and newcomers wait for its answer. Publications that the
   * broker until now has taken are its own affair.
   */
  use(broker: Broker): void {
    const before = this.#broker;
    this.#broker = broker;
    for (const channel of [...this.hub.channels]) {
      // Those who wait now wait for the new broker: the old one has nobody to tell any more.
      const waiting = this.#asked.get(channel)?.splice(0) ?? [];
      before.unsubscribe(channel);
      this.#ask(channel, waiting);
    }
  }

  /**
   * Subscribes, and settles when every publication from then on arrives, whichever process it is published
   * on. After an error the subscriber is not subscribed.
   */
  subscribe(channel: string, subscriber: Subscriber, settle: Settle): void {
    const first = !this.hub.has(channel);
    this.hub.subscribe(channel, subscriber);
    const settleOne: Settle = (error) => {
      if (error) this.unsubscribe(channel, subscriber);
      settle(error);
    };
    const waiting = this.#asked.get(channel);
    if (first) this.events?.subscribed(channel);
    if (first || (waiting === undefined && this.#unheld.has(channel))) this.#ask(channel, [settleOne]);
    else if (waiting) waiting.push(settleOne);
    else settle();
  }

  #ask(channel: string, waiting: Settle[]): void {
    this.#asked.set(channel, waiting);
    this.#broker.subscribe(channel, (error) => {
      if (this.#asked.get(channel) === waiting) {
        this.#asked.delete(channel);
        // Those who subscribed before `use` stay, though nothing arrives until the broker has taken it.
        if (error) this.#unheld.add(channel);
        else this.#unheld.delete(channel);
      }
      for (const settleNext of waiting) settleNext(error);
    });
  }

  /** Unsubscribes; what was delivered before still arrives. */
  unsubscribe(channel: string, subscriber: Subscriber): void {
    if (!this.hub.has(channel)) return;
    this.hub.unsubscribe(channel, subscriber);
    if (this.hub.has(channel)) return;
    this.#unheld.delete(channel);
    this.#broker.unsubscribe(channel);
    this.events?.unsubscribed(channel);
  }
}

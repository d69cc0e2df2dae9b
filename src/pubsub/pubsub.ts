import type { Broker, Settle } from "./broker.ts";
import type { Hub, Subscriber } from "./hub.ts";
import type { Publication } from "./publication.ts";

/**
 * What connections and the application use: the hub of this process joined to the broker behind it.
 * It asks the broker once per channel, however many subscribe here, and lets a subscriber know when its
 * subscription holds in the whole system.
 */
export class PubSub {
  readonly hub: Hub;
  readonly #broker: Broker;
  /** Channels that the broker has not answered for yet, and who waits for that. */
  readonly #asked = new Map<string, Settle[]>();
  #publications = 0;

  constructor(hub: Hub, broker: Broker) {
    this.hub = hub;
    this.#broker = broker;
  }

  /** Publications accepted from clients and the application since the start. */
  get publicationCount(): number {
    return this.#publications;
  }

  /** See `Broker.publish`. */
  publish(publication: Publication, settle: Settle): void {
    this.#publications += 1;
    this.#broker.publish(publication, settle);
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
    if (!first) {
      const waiting = this.#asked.get(channel);
      if (waiting) waiting.push(settleOne);
      else settle();
      return;
    }
    const waiting = [settleOne];
    this.#asked.set(channel, waiting);
    this.#broker.subscribe(channel, (error) => {
      if (this.#asked.get(channel) === waiting) this.#asked.delete(channel);
      for (const settleNext of waiting) settleNext(error);
    });
  }

  /** Unsubscribes; what was delivered before still arrives. */
  unsubscribe(channel: string, subscriber: Subscriber): void {
    if (!this.hub.has(channel)) return;
    this.hub.unsubscribe(channel, subscriber);
    if (!this.hub.has(channel)) this.#broker.unsubscribe(channel);
  }
}

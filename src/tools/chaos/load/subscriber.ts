import type { Checker } from "../check/checker.ts";
import type { Subscription } from "../check/subscription.ts";
import { Client, type Place } from "./client.ts";
import { readData } from "./message.ts";

/** A client that is subscribed to some channels, and tells the checker what comes. */
export class Subscriber {
  readonly #checker: Checker;
  readonly #client: Client;
  readonly #subscriptions: Subscription[];
  /** Subscriptions that no message has come to yet. */
  readonly #silent = new Set<Subscription>();

  /**
   * @param channels their numbers
   * @param group see `Subscription`
   */
  constructor(
    checker: Checker,
    channels: readonly number[],
    nameOf: (channel: number) => string,
    place: Place,
    group: string,
  ) {
    this.#checker = checker;
    this.#client = new Client(place);
    this.#subscriptions = channels.map((channel) => checker.subscribe(channel, group));
    for (const subscription of this.#subscriptions) {
      this.#silent.add(subscription);
      this.#client.subscribe(nameOf(subscription.channel), this.#listenerOf(subscription));
    }
  }

  get isOpen(): boolean {
    return this.#subscriptions.every(({ isOpen }) => isOpen);
  }

  /** Whether something, a probe at least, has come to each subscription. */
  get isReached(): boolean {
    return this.#silent.size === 0;
  }

  get client(): Client {
    return this.#client;
  }

  /** Whether everything has come that was published until now and can be owed. */
  get isSatisfied(): boolean {
    return this.#subscriptions.every((subscription) => {
      const { acknowledged, pending } = subscription.owed();
      return acknowledged + pending === 0;
    });
  }

  connect(): void {
    void this.#client.connect();
  }

  /** Ends it. @param now as the checker counts; what is still owed is lost then */
  end(now: number): void {
    for (const subscription of this.#subscriptions) this.#checker.closed(subscription, now);
    this.#client.close();
  }

  #listenerOf(subscription: Subscription): Parameters<Client["subscribe"]>[1] {
    return {
      opened: () => this.#checker.opened(subscription),
      interrupted: () => this.#checker.interrupted(subscription),
      delivered: (data) => {
        this.#silent.delete(subscription);
        const message = readData(data);
        if (message === "probe") return;
        const unknown = { publisher: -1, sequence: 0, position: 0 };
        this.#checker.delivered(subscription, message ?? unknown, performance.now());
      },
    };
  }
}

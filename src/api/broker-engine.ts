import type { Broker, Deliver, Settle } from "../pubsub/broker.ts";
import { Publication } from "../pubsub/publication.ts";
import type { PubSub } from "../pubsub/pubsub.ts";
import type { Exchange } from "./exchange.ts";
import { type ConsumableStream, StreamEmitter } from "./streams.ts";

/** A subscriber as broker engines see it: this server is one, whoever is subscribed behind it. */
export interface BrokerClient {
  readonly id: string;
  transmit(event: string, packet: { readonly channel: string; readonly data?: unknown }): unknown;
}

/** What an application may put in the place of our own broker: the part of upstream's engines that is used. */
export interface BrokerEngine {
  subscribeSocket(client: BrokerClient, channel: string): Promise<unknown>;
  unsubscribeSocket(client: BrokerClient, channel: string): Promise<unknown>;
  invokePublish(channel: string, data: unknown): Promise<unknown>;
  /** Its `error` events become the server's warnings. */
  listener?(name: "error"): ConsumableStream<{ readonly error: unknown }>;
}

/** Lets one of upstream's engines carry our publications. */
export class EngineBroker implements Broker {
  readonly #engine: BrokerEngine;
  readonly #client: BrokerClient;
  readonly #warn: (error: unknown) => void;

  constructor(engine: BrokerEngine, deliver: Deliver, warn: (error: unknown) => void) {
    this.#engine = engine;
    this.#warn = warn;
    this.#client = {
      id: "server",
      transmit: (event, { channel, data }) => {
        if (event === "#publish") deliver(Publication.of(channel, data));
      },
    };
  }

  publish(publication: Publication, settle: Settle): void {
    this.#engine.invokePublish(publication.channel, publication.data).then(() => settle(), settle);
  }

  subscribe(channel: string, settle: Settle): void {
    this.#engine.subscribeSocket(this.#client, channel).then(() => settle(), settle);
  }

  unsubscribe(channel: string): void {
    this.#engine.unsubscribeSocket(this.#client, channel).catch(this.#warn);
  }
}

/** Our own broker as `server.brokerEngine`. */
export class DefaultBrokerEngine extends StreamEmitter<{ error: { readonly error: unknown } }> {
  readonly isReady = true;
  readonly #pubsub: PubSub;
  readonly #exchange: Exchange;

  constructor(pubsub: PubSub, exchange: Exchange) {
    super();
    this.#pubsub = pubsub;
    this.#exchange = exchange;
  }

  exchange(): Exchange {
    return this.#exchange;
  }

  /** The channels that anybody on this server is subscribed to. */
  subscriptions(): string[] {
    return [...this.#pubsub.hub.channels];
  }

  isSubscribed(channel: string): boolean {
    return this.#pubsub.hub.has(channel);
  }

  invokePublish(channel: string, data?: unknown): Promise<void> {
    return this.#exchange.invokePublish(channel, data);
  }

  transmitPublish(channel: string, data?: unknown): Promise<void> {
    return this.#exchange.transmitPublish(channel, data);
  }
}

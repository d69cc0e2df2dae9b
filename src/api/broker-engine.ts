import type { DataForm } from "../protocol/data-form.ts";
import type { Batch } from "../pubsub/batch.ts";
import type { Broker, Deliver, PublishLevel, Settle } from "../pubsub/broker.ts";
import type { Subscriber } from "../pubsub/hub.ts";
import { Publication } from "../pubsub/publication.ts";
import type { Turn } from "../runtime/turn.ts";
import type { ServerCore } from "../server/core.ts";
import type { CodecEngine } from "../server/options.ts";
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
  /** Its `error` events become the server's warnings; while not `isReady`, the server waits for `ready`. */
  listener?(name: "error" | "ready"): ConsumableStream<unknown>;
  readonly isReady?: boolean;
  /** What `server.exchange` is, in the place of our own. */
  exchange?(): unknown;
  /** Told the server's codec, and each new one. */
  setCodecEngine?(codec: CodecEngine): void;
}

/** Lets one of upstream's engines carry our publications. */
export class EngineBroker implements Broker {
  readonly #engine: BrokerEngine;
  readonly #client: BrokerClient;
  readonly #warn: (error: unknown) => void;
  readonly #formOf: () => DataForm;

  /** @param formOf how the server's publications are written at the moment */
  constructor(
    engine: BrokerEngine,
    deliver: Deliver,
    warn: (error: unknown) => void,
    formOf: () => DataForm,
  ) {
    this.#engine = engine;
    this.#warn = warn;
    this.#formOf = formOf;
    this.#client = {
      id: "server",
      transmit: (event, { channel, data }) => {
        if (event === "#publish") deliver(Publication.of(channel, data, formOf()));
      },
    };
  }

  publish(publication: Publication, settle: Settle, level?: PublishLevel): void {
    const published = attempt(() => {
      const publisher = (this.#engine.exchange?.() ?? this.#engine) as Pick<BrokerEngine, "invokePublish">;
      return publisher.invokePublish(publication.channel, publication.dataIn(this.#formOf()));
    });
    if (level === "worker") {
      published.catch(this.#warn);
      settle();
    } else published.then(() => settle(), settle);
  }

  subscribe(channel: string, settle: Settle): void {
    attempt(() => this.#engine.subscribeSocket(this.#client, channel)).then(() => settle(), settle);
  }

  unsubscribe(channel: string): void {
    attempt(() => this.#engine.unsubscribeSocket(this.#client, channel)).catch(this.#warn);
  }
}

/** Calls the application's code: whatever it throws, or returns in the place of a promise, becomes a promise. */
async function attempt(call: () => unknown): Promise<unknown> {
  return call();
}

/** What our own broker emits as `server.brokerEngine`: what happens on this server, wherever it is heard. */
export interface BrokerEngineEvents {
  ready: object;
  error: { readonly error: unknown };
  /** A channel has its first subscriber on this server. */
  subscribe: { readonly channel: string };
  /** A channel has lost its last subscriber on this server. */
  unsubscribe: { readonly channel: string };
  /** Something was published on this server. */
  publish: { readonly channel: string; readonly data: unknown };
}

/**
 * Our own broker as `server.brokerEngine`. Its events cost nothing while nobody listens: a publication is
 * parsed only for those who do.
 */
export class DefaultBrokerEngine extends StreamEmitter<BrokerEngineEvents> {
  isReady = false;
  readonly #core: ServerCore;
  readonly #exchange: Exchange;
  readonly #subscribers = new WeakMap<BrokerClient, Subscriber>();
  #suppressed = false;

  constructor(core: ServerCore, exchange: Exchange) {
    super();
    this.#core = core;
    this.#exchange = exchange;
    core.pubsub.events = {
      subscribed: (channel) => this.emit("subscribe", { channel }),
      unsubscribed: (channel) => this.emit("unsubscribe", { channel }),
      published: (publication) => this.#published(publication),
    };
  }

  /** The turns of the event loop in which the server gathers what it sends. */
  get turn(): Turn {
    return this.#core.turn;
  }

  becomeReady(): void {
    this.isReady = true;
    this.emit("ready", {});
  }

  exchange(): Exchange {
    return this.#exchange;
  }

  /** Lets another broker carry publications from now on; subscribers keep their subscriptions. */
  carryBy(create: (deliver: Deliver) => Broker): void {
    const { pubsub } = this.#core;
    pubsub.use(create((publication) => pubsub.hub.deliver(publication)));
  }

  /** The channels that anybody on this server is subscribed to. */
  subscriptions(): string[] {
    return [...this.#core.pubsub.hub.channels];
  }

  isSubscribed(channel: string): boolean {
    return this.#core.pubsub.hub.has(channel);
  }

  /** Subscribes whatever has an id and takes `#publish` packets; resolves when its subscription holds. */
  subscribeClient(client: BrokerClient, channel: string): Promise<void> {
    let subscriber = this.#subscribers.get(client);
    if (subscriber === undefined) {
      subscriber = new ClientSubscriber(client, this.#core);
      this.#subscribers.set(client, subscriber);
    }
    return settled((settle) => this.#core.pubsub.subscribe(channel, subscriber, settle));
  }

  async unsubscribeClient(client: BrokerClient, channel: string): Promise<void> {
    const subscriber = this.#subscribers.get(client);
    if (subscriber !== undefined) this.#core.pubsub.unsubscribe(channel, subscriber);
  }

  /** The same as `subscribeClient`, by its other name. */
  subscribeSocket(client: BrokerClient, channel: string): Promise<void> {
    return this.subscribeClient(client, channel);
  }

  /** The same as `unsubscribeClient`, by its other name. */
  unsubscribeSocket(client: BrokerClient, channel: string): Promise<void> {
    return this.unsubscribeClient(client, channel);
  }

  /** Publishes; resolves when that is as safe as the broker promises. @param suppressEvent emits no `publish` */
  invokePublish(channel: string, data?: unknown, suppressEvent = false): Promise<void> {
    return this.#quietly(suppressEvent, () => this.#exchange.invokePublish(channel, data));
  }

  /** As `invokePublish`, but resolves at once. */
  transmitPublish(channel: string, data?: unknown, suppressEvent = false): Promise<void> {
    return this.#quietly(suppressEvent, () => this.#exchange.transmitPublish(channel, data));
  }

  /** The codec of publications is that of the server. */
  setCodecEngine(codec: CodecEngine): void {
    this.#core.useCodec(codec);
  }

  #quietly<T>(suppressEvent: boolean, publish: () => T): T {
    this.#suppressed = suppressEvent;
    try {
      return publish();
    } finally {
      this.#suppressed = false;
    }
  }

  #published(publication: Publication): void {
    if (this.#suppressed || this.getListenerConsumerCount("publish") === 0) return;
    // Only here are the data asked for: to look at them is to parse them.
    const data = publication.dataIn(this.#core.pubsub.form);
    this.emit("publish", { channel: publication.channel, data });
  }
}

/** Hands publications to a client of the application's own making. */
class ClientSubscriber implements Subscriber {
  readonly #client: BrokerClient;
  readonly #core: ServerCore;

  constructor(client: BrokerClient, core: ServerCore) {
    this.#client = client;
    this.#core = core;
  }

  receive(batch: Batch): void {
    for (const { channel, bytes } of batch.publications) {
      // Each client gets data of its own: what it does to them reaches nobody else.
      const data = this.#core.pubsub.form.read(bytes);
      // What the client does wrong must not keep the publication from the subscribers after it.
      attempt(() => this.#client.transmit("#publish", { channel, data })).catch((error: unknown) =>
        this.#core.warn(error),
      );
    }
  }
}

function settled(start: (settle: Settle) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}

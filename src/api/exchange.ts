import AGChannelClass from "ag-channel";
import { InvalidArgumentsError } from "../protocol/wire-errors.ts";
import type { Batch } from "../pubsub/batch.ts";
import { isPublishLevel } from "../pubsub/broker.ts";
import type { Subscriber } from "../pubsub/hub.ts";
import { Publication } from "../pubsub/publication.ts";
import type { PubSub } from "../pubsub/pubsub.ts";
import type {
  AppTypes,
  DataArgument,
  NameOf,
  OpenName,
  PublishArguments,
  PublishOptions,
  Shapes,
} from "./app-types.ts";
import { type AGChannel, type ChannelState, ChannelStreams } from "./channel-streams.ts";

/** Pause before the cluster is asked again for a channel that the application waits for, ms. */
const RETRY_MS = 1000;

/**
 * The application's own way to publish and subscribe, beside its clients. A channel's publications are parsed
 * only if somebody consumes them here.
 */
export class Exchange<App extends AppTypes = AppTypes> extends ChannelStreams implements Subscriber {
  readonly id = "exchange";
  readonly #pubsub: PubSub;
  readonly #warn: (error: unknown) => void;
  readonly #channels = new Map<string, ChannelState>();

  constructor(pubsub: PubSub, warn: (error: unknown) => void) {
    super();
    this.#pubsub = pubsub;
    this.#warn = warn;
  }

  receive(batch: Batch): void {
    for (const { channel, bytes } of batch.publications) {
      if (!this.consumes(channel)) continue;
      // A value of its own: what the application does to it must not reach those who get the publication.
      this.deliver(channel, this.#pubsub.form.read(bytes));
    }
  }

  /** Publishes, and resolves at once: what goes wrong later is a warning of the server. */
  transmitPublish<Name extends NameOf<Shapes<App, "channels">>>(
    channelName: Name,
    ...data: DataArgument<Shapes<App, "channels">[Name]>
  ): Promise<void>;
  async transmitPublish(channelName: string, data?: unknown): Promise<void> {
    try {
      this.#pubsub.publish(this.#publication(channelName, data), (error) => {
        if (error !== undefined) this.#warn(error);
      });
    } catch (error) {
      this.#warn(error); // nobody waits for this promise: a rejection would end the process
    }
  }

  /**
   * Publishes, and resolves when it is as safe as the broker promises, or as `options.level` says; or rejects with
   * its error.
   */
  invokePublish<Name extends NameOf<Shapes<App, "channels">>>(
    channelName: Name,
    ...data: PublishArguments<Shapes<App, "channels">[Name]>
  ): Promise<void>;
  invokePublish(channelName: string, data?: unknown, options?: PublishOptions | null): Promise<void> {
    return new Promise((resolve, reject) => {
      const level = options?.level;
      if (level !== undefined && !isPublishLevel(level))
        throw new InvalidArgumentsError(`There is no publish level ${JSON.stringify(level)}`);
      // It waits within the broker's bounds, or is refused: nobody can be kept from calling this.
      const settle = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      this.#pubsub.publish(this.#publication(channelName, data), settle, level);
    });
  }

  /**
   * Subscribes, and gives what can be consumed. Subscribing again is the same as once. A channel's name is a text:
   * what else is given counts as its text.
   */
  subscribe<Data = unknown>(channelName: OpenName<Shapes<App, "channels">>): AGChannel<Data>;
  subscribe<Name extends NameOf<Shapes<App, "channels">>>(
    channelName: Name,
  ): AGChannel<Shapes<App, "channels">[Name]>;
  subscribe(channelName: string): AGChannel {
    const name = String(channelName);
    if (!this.#channels.has(name)) this.#open(name);
    return this.#channel(name);
  }

  async unsubscribe(channelName: string): Promise<void> {
    const name = String(channelName);
    const state = this.#channels.get(name);
    if (state === undefined) return;
    this.#channels.delete(name);
    this.#pubsub.unsubscribe(name, this);
    if (state === "subscribed") this.announce(name, "unsubscribe", {});
  }

  /** The channel to consume, without subscribing to it. */
  channel<Data = unknown>(channelName: OpenName<Shapes<App, "channels">>): AGChannel<Data>;
  channel<Name extends NameOf<Shapes<App, "channels">>>(
    channelName: Name,
  ): AGChannel<Shapes<App, "channels">[Name]>;
  channel(channelName: string): AGChannel {
    return this.#channel(String(channelName));
  }

  #channel(channelName: string): AGChannel {
    return new AGChannelClass(channelName, this, this.events, this.data) as unknown as AGChannel;
  }

  subscriptions(includePending = false): string[] {
    return [...this.#channels.keys()].filter((channel) => this.isSubscribed(channel, includePending));
  }

  isSubscribed(channelName: string, includePending = false): boolean {
    const state = this.getChannelState(channelName);
    return state === "subscribed" || (includePending && state === "pending");
  }

  getChannelState(channelName: string): ChannelState {
    return this.#channels.get(String(channelName)) ?? "unsubscribed";
  }

  getChannelOptions(_channelName: string): object {
    return {};
  }

  /** Takes a packet as a client would; only `#publish` means anything to an exchange. */
  transmit(event: string, packet: { readonly channel: string; readonly data?: unknown }): void {
    if (event === "#publish") this.deliver(packet.channel, packet.data);
  }

  destroy(): void {
    this.closeAllChannels();
    this.closeAllListeners();
  }

  /** @throws {TypeError} if the data cannot be written (a cycle, a BigInt), and what getters of theirs throw */
  #publication(channelName: string, data: unknown): Publication {
    return Publication.of(String(channelName), data, this.#pubsub.form);
  }

  #open(channel: string): void {
    this.#channels.set(channel, "pending");
    this.#ask(channel);
  }

  #askAgain(channel: string): void {
    if (this.#channels.get(channel) === "pending" && !this.#pubsub.hub.isSubscribed(channel, this)) {
      this.#ask(channel);
    }
  }

  #ask(channel: string): void {
    this.#pubsub.subscribe(channel, this, (error) => {
      if (this.#channels.get(channel) !== "pending") return; // given up meanwhile
      if (error === undefined) {
        this.#channels.set(channel, "subscribed");
        this.announce(channel, "subscribe", {});
        return;
      }
      this.#warn(error);
      // Nobody subscribes anew for the application, as a client does: it stays pending until the cluster is there.
      if ((error as { retryable?: boolean }).retryable) {
        setTimeout(() => this.#askAgain(channel), RETRY_MS).unref();
        return;
      }
      this.#channels.delete(channel);
      this.announce(channel, "subscribeFail", { error });
    });
  }
}

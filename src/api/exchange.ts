import AGChannelClass from "ag-channel";
import type { Batch } from "../pubsub/batch.ts";
import type { Subscriber } from "../pubsub/hub.ts";
import { Publication } from "../pubsub/publication.ts";
import type { PubSub } from "../pubsub/pubsub.ts";
import { type AGChannel, type ChannelState, ChannelStreams } from "./channel-streams.ts";

/**
 * The application's own way to publish and subscribe, beside its clients. A channel's publications are parsed
 * only if somebody consumes them here.
 */
export class Exchange extends ChannelStreams implements Subscriber {
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
      this.deliver(channel, bytes.length === 0 ? undefined : JSON.parse(bytes.toString()));
    }
  }

  /** Publishes, and resolves at once: what goes wrong later is a warning of the server. */
  async transmitPublish(channelName: string, data?: unknown): Promise<void> {
    this.#pubsub.publish(Publication.of(channelName, data), (error) => {
      if (error !== undefined) this.#warn(error);
    });
  }

  /** Publishes, and resolves when it is as safe as the broker promises, or rejects with its error. */
  invokePublish(channelName: string, data?: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pubsub.publish(Publication.of(channelName, data), (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  /** Subscribes, and gives what can be consumed. Subscribing again is the same as once. */
  subscribe<Data = unknown>(channelName: string): AGChannel<Data> {
    if (!this.#channels.has(channelName)) this.#open(channelName);
    return this.channel(channelName);
  }

  async unsubscribe(channelName: string): Promise<void> {
    const state = this.#channels.get(channelName);
    if (state === undefined) return;
    this.#channels.delete(channelName);
    this.#pubsub.unsubscribe(channelName, this);
    if (state === "subscribed") this.announce(channelName, "unsubscribe", {});
  }

  /** The channel to consume, without subscribing to it. */
  channel<Data = unknown>(channelName: string): AGChannel<Data> {
    return new AGChannelClass(channelName, this, this.events, this.data) as unknown as AGChannel<Data>;
  }

  subscriptions(includePending = false): string[] {
    return [...this.#channels.keys()].filter((channel) => this.isSubscribed(channel, includePending));
  }

  isSubscribed(channelName: string, includePending = false): boolean {
    const state = this.#channels.get(channelName);
    return state === "subscribed" || (includePending && state === "pending");
  }

  getChannelState(channelName: string): ChannelState {
    return this.#channels.get(channelName) ?? "unsubscribed";
  }

  getChannelOptions(_channelName: string): object {
    return {};
  }

  destroy(): void {
    this.closeAllChannels();
    this.closeAllListeners();
  }

  #open(channel: string): void {
    this.#channels.set(channel, "pending");
    this.#pubsub.subscribe(channel, this, (error) => {
      if (this.#channels.get(channel) !== "pending") return; // given up meanwhile
      if (error === undefined) {
        this.#channels.set(channel, "subscribed");
        this.announce(channel, "subscribe", {});
        return;
      }
      this.#channels.delete(channel);
      this.announce(channel, "subscribeFail", { error });
      this.#warn(error);
    });
  }
}

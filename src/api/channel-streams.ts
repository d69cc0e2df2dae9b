import type { DataArgument } from "./app-types.ts";
import {
  type ConsumableStream,
  type ConsumerStats,
  createDemux,
  type Demux,
  StreamEmitter,
} from "./streams.ts";

export type ChannelState = "pending" | "subscribed" | "unsubscribed";

/** A channel to consume, as `ag-channel` makes it. */
export interface AGChannel<Data = unknown> extends ConsumableStream<Data> {
  readonly name: string;
  readonly state: ChannelState;
  readonly PENDING: "pending";
  readonly SUBSCRIBED: "subscribed";
  readonly UNSUBSCRIBED: "unsubscribed";
  listener<Value = unknown>(eventName: string): ConsumableStream<Value>;
  subscribe(): void;
  unsubscribe(): void;
  isSubscribed(includePending?: boolean): boolean;
  transmitPublish(...data: DataArgument<Data>): Promise<void>;
  invokePublish(...data: DataArgument<Data>): Promise<void>;
  close(): void;
  kill(): void;
  closeOutput(): void;
  closeListener(eventName: string): void;
  closeAllListeners(): void;
  killOutput(): void;
  killListener(eventName: string): void;
  killAllListeners(): void;
  killOutputConsumer(consumerId: number): void;
  killListenerConsumer(consumerId: number): void;
  getOutputConsumerStats(consumerId: number): ConsumerStats | undefined;
  getListenerConsumerStats(consumerId: number): ConsumerStats | undefined;
  getOutputConsumerStatsList(): ConsumerStats[];
  getListenerConsumerStatsList(eventName: string): ConsumerStats[];
  getAllListenersConsumerStatsList(): ConsumerStats[];
  getBackpressure(): number;
  getOutputBackpressure(): number;
  getListenerBackpressure(eventName: string): number;
  getAllListenersBackpressure(): number;
  getOutputConsumerBackpressure(consumerId: number): number;
  getListenerConsumerBackpressure(consumerId: number): number;
  hasOutputConsumer(consumerId: number): boolean;
  hasListenerConsumer(eventName: string, consumerId: number): boolean;
  hasAnyListenerConsumer(consumerId: number): boolean;
}

/** What an exchange emits. */
export interface ExchangeEvents {
  subscribe: { readonly channel: string };
  unsubscribe: { readonly channel: string };
  subscribeFail: { readonly channel: string; readonly error: unknown };
}

/**
 * The streams of an exchange's channels, of their data and of their events, and the calls to watch and end
 * them. Events of a channel are streams named `channel/event`.
 */
export class ChannelStreams extends StreamEmitter<ExchangeEvents> {
  protected readonly events: Demux = createDemux();
  protected readonly data: Demux = createDemux();

  protected consumes(channel: string): boolean {
    return this.data.getConsumerCount(channel) > 0;
  }

  protected deliver(channel: string, value: unknown): void {
    this.data.write(channel, value);
  }

  protected announce(channel: string, event: keyof ExchangeEvents, value: object): void {
    this.events.write(`${channel}/${event}`, value);
    this.emit(event as string, { channel, ...value });
  }

  #eventStreams(channelName: string): string[] {
    const names = this.events.getConsumerStatsListAll().map(({ stream }) => stream ?? "");
    return [...new Set(names.filter((name) => name.startsWith(`${channelName}/`)))];
  }

  getBackpressure(): number {
    return Math.max(this.getAllListenersBackpressure(), this.getAllChannelsBackpressure());
  }

  closeChannel(channelName: string): void {
    this.channelCloseOutput(channelName);
    this.channelCloseAllListeners(channelName);
  }

  closeAllChannelOutputs(): void {
    this.data.closeAll();
  }

  closeAllChannelListeners(): void {
    this.events.closeAll();
  }

  closeAllChannels(): void {
    this.closeAllChannelOutputs();
    this.closeAllChannelListeners();
  }

  killChannel(channelName: string): void {
    this.channelKillOutput(channelName);
    this.channelKillAllListeners(channelName);
  }

  killAllChannelOutputs(): void {
    this.data.killAll();
  }

  killAllChannelListeners(): void {
    this.events.killAll();
  }

  killAllChannels(): void {
    this.killAllChannelOutputs();
    this.killAllChannelListeners();
  }

  killChannelOutputConsumer(consumerId: number): void {
    this.data.killConsumer(consumerId);
  }

  killChannelListenerConsumer(consumerId: number): void {
    this.events.killConsumer(consumerId);
  }

  getChannelOutputConsumerStats(consumerId: number): ConsumerStats | undefined {
    return this.data.getConsumerStats(consumerId);
  }

  getChannelListenerConsumerStats(consumerId: number): ConsumerStats | undefined {
    return this.events.getConsumerStats(consumerId);
  }

  getAllChannelOutputsConsumerStatsList(): ConsumerStats[] {
    return this.data.getConsumerStatsListAll();
  }

  getAllChannelListenersConsumerStatsList(): ConsumerStats[] {
    return this.events.getConsumerStatsListAll();
  }

  getChannelBackpressure(channelName: string): number {
    return Math.max(
      this.channelGetOutputBackpressure(channelName),
      this.channelGetAllListenersBackpressure(channelName),
    );
  }

  getAllChannelOutputsBackpressure(): number {
    return this.data.getBackpressureAll();
  }

  getAllChannelListenersBackpressure(): number {
    return this.events.getBackpressureAll();
  }

  getAllChannelsBackpressure(): number {
    return Math.max(this.getAllChannelOutputsBackpressure(), this.getAllChannelListenersBackpressure());
  }

  getChannelListenerConsumerBackpressure(consumerId: number): number {
    return this.events.getConsumerBackpressure(consumerId);
  }

  getChannelOutputConsumerBackpressure(consumerId: number): number {
    return this.data.getConsumerBackpressure(consumerId);
  }

  hasAnyChannelOutputConsumer(consumerId: number): boolean {
    return this.data.hasConsumerAll(consumerId);
  }

  hasAnyChannelListenerConsumer(consumerId: number): boolean {
    return this.events.hasConsumerAll(consumerId);
  }

  channelCloseOutput(channelName: string): void {
    this.data.close(channelName);
  }

  channelCloseListener(channelName: string, eventName: string): void {
    this.events.close(`${channelName}/${eventName}`);
  }

  channelCloseAllListeners(channelName: string): void {
    for (const name of this.#eventStreams(channelName)) this.events.close(name);
  }

  channelKillOutput(channelName: string): void {
    this.data.kill(channelName);
  }

  channelKillListener(channelName: string, eventName: string): void {
    this.events.kill(`${channelName}/${eventName}`);
  }

  channelKillAllListeners(channelName: string): void {
    for (const name of this.#eventStreams(channelName)) this.events.kill(name);
  }

  channelGetOutputConsumerStatsList(channelName: string): ConsumerStats[] {
    return this.data.getConsumerStatsList(channelName);
  }

  channelGetListenerConsumerStatsList(channelName: string, eventName: string): ConsumerStats[] {
    return this.events.getConsumerStatsList(`${channelName}/${eventName}`);
  }

  channelGetAllListenersConsumerStatsList(channelName: string): ConsumerStats[] {
    return this.#eventStreams(channelName).flatMap((name) => this.events.getConsumerStatsList(name));
  }

  channelGetOutputBackpressure(channelName: string): number {
    return this.data.getBackpressure(channelName);
  }

  channelGetListenerBackpressure(channelName: string, eventName: string): number {
    return this.events.getBackpressure(`${channelName}/${eventName}`);
  }

  channelGetAllListenersBackpressure(channelName: string): number {
    return Math.max(0, ...this.#eventStreams(channelName).map((name) => this.events.getBackpressure(name)));
  }

  channelHasOutputConsumer(channelName: string, consumerId: number): boolean {
    return this.data.hasConsumer(channelName, consumerId);
  }

  channelHasListenerConsumer(channelName: string, eventName: string, consumerId: number): boolean {
    return this.events.hasConsumer(`${channelName}/${eventName}`, consumerId);
  }

  channelHasAnyListenerConsumer(channelName: string, consumerId: number): boolean {
    return this.#eventStreams(channelName).some((name) => this.events.hasConsumer(name, consumerId));
  }
}

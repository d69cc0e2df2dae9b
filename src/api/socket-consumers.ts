import type { Connection } from "../server/connection.ts";
import type { AnswerOf, AppTypes, NameOf, OpenName, RequestOf, Shapes } from "./app-types.ts";
import { SocketWatch } from "./attribution.ts";
import type { SocketEvents } from "./events.ts";
import type { AGRequest } from "./request.ts";
import {
  type ConsumableStream,
  type ConsumerStats,
  createDemux,
  type Demux,
  StreamEmitter,
  watchListeners,
} from "./streams.ts";

/** The receivers and procedures of a socket, and the calls to watch and end them. Streams exist while consumed. */
export class SocketConsumers<App extends AppTypes> extends StreamEmitter<SocketEvents<App>> {
  protected receivers: Demux | undefined;
  protected procedures: Demux | undefined;
  protected readonly connection: Connection;

  constructor(connection: Connection) {
    super();
    this.connection = connection;
    watchListeners(this, new SocketWatch(connection));
  }

  get #receivers(): Demux {
    this.receivers ??= createDemux(new SocketWatch(this.connection));
    return this.receivers;
  }

  get #procedures(): Demux {
    this.procedures ??= createDemux(new SocketWatch(this.connection));
    return this.procedures;
  }

  /** What the client transmits under this name. */
  receiver<Data = unknown>(receiverName: OpenName<Shapes<App, "receivers">>): ConsumableStream<Data>;
  receiver<Name extends NameOf<Shapes<App, "receivers">>>(
    receiverName: Name,
  ): ConsumableStream<Shapes<App, "receivers">[Name]>;
  receiver(receiverName: string): ConsumableStream<unknown> {
    return this.#receivers.stream(receiverName);
  }

  closeReceiver(receiverName: string): void {
    this.receivers?.close(receiverName);
  }

  closeAllReceivers(): void {
    this.receivers?.closeAll();
  }

  killReceiver(receiverName: string): void {
    this.receivers?.kill(receiverName);
  }

  killAllReceivers(): void {
    this.receivers?.killAll();
  }

  killReceiverConsumer(consumerId: number): void {
    this.receivers?.killConsumer(consumerId);
  }

  getReceiverConsumerStats(consumerId: number): ConsumerStats | undefined {
    return this.receivers?.getConsumerStats(consumerId);
  }

  getReceiverConsumerStatsList(receiverName: string): ConsumerStats[] {
    return this.receivers?.getConsumerStatsList(receiverName) ?? [];
  }

  getAllReceiversConsumerStatsList(): ConsumerStats[] {
    return this.receivers?.getConsumerStatsListAll() ?? [];
  }

  getReceiverBackpressure(receiverName: string): number {
    return this.receivers?.getBackpressure(receiverName) ?? 0;
  }

  getAllReceiversBackpressure(): number {
    return this.receivers?.getBackpressureAll() ?? 0;
  }

  getReceiverConsumerBackpressure(consumerId: number): number {
    return this.receivers?.getConsumerBackpressure(consumerId) ?? 0;
  }

  hasReceiverConsumer(receiverName: string, consumerId: number): boolean {
    return this.receivers?.hasConsumer(receiverName, consumerId) ?? false;
  }

  hasAnyReceiverConsumer(consumerId: number): boolean {
    return this.receivers?.hasConsumerAll(consumerId) ?? false;
  }

  /** The client's calls of this name, each to be answered once. */
  procedure<Data = unknown>(
    procedureName: OpenName<Shapes<App, "procedures">>,
  ): ConsumableStream<AGRequest<Data, unknown, App>>;
  procedure<Name extends NameOf<Shapes<App, "procedures">>>(
    procedureName: Name,
  ): ConsumableStream<
    AGRequest<RequestOf<Shapes<App, "procedures">[Name]>, AnswerOf<Shapes<App, "procedures">[Name]>, App>
  >;
  procedure(procedureName: string): ConsumableStream<unknown> {
    return this.#procedures.stream(procedureName);
  }

  closeProcedure(procedureName: string): void {
    this.procedures?.close(procedureName);
  }

  closeAllProcedures(): void {
    this.procedures?.closeAll();
  }

  killProcedure(procedureName: string): void {
    this.procedures?.kill(procedureName);
  }

  killAllProcedures(): void {
    this.procedures?.killAll();
  }

  killProcedureConsumer(consumerId: number): void {
    this.procedures?.killConsumer(consumerId);
  }

  getProcedureConsumerStats(consumerId: number): ConsumerStats | undefined {
    return this.procedures?.getConsumerStats(consumerId);
  }

  getProcedureConsumerStatsList(procedureName: string): ConsumerStats[] {
    return this.procedures?.getConsumerStatsList(procedureName) ?? [];
  }

  getAllProceduresConsumerStatsList(): ConsumerStats[] {
    return this.procedures?.getConsumerStatsListAll() ?? [];
  }

  getProcedureBackpressure(procedureName: string): number {
    return this.procedures?.getBackpressure(procedureName) ?? 0;
  }

  getAllProceduresBackpressure(): number {
    return this.procedures?.getBackpressureAll() ?? 0;
  }

  getProcedureConsumerBackpressure(consumerId: number): number {
    return this.procedures?.getConsumerBackpressure(consumerId) ?? 0;
  }

  hasProcedureConsumer(procedureName: string, consumerId: number): boolean {
    return this.procedures?.hasConsumer(procedureName, consumerId) ?? false;
  }

  hasAnyProcedureConsumer(consumerId: number): boolean {
    return this.procedures?.hasConsumerAll(consumerId) ?? false;
  }
}

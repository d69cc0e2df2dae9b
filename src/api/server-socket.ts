import type { OutboundPacket } from "../protocol/encode.ts";
import { binaryFrame, textFrame } from "../protocol/frames.ts";
import { InvalidArgumentsError } from "../protocol/wire-errors.ts";
import {
  deauthenticate,
  forget,
  isExpired,
  type SetTokenOptions,
  setAuthToken,
} from "../server/authentication.ts";
import type { ClientSocket, Connection, ConnectionState } from "../server/connection.ts";
import type { AuthenticationState, ConnectionObserver } from "../server/events.ts";
import { type Message, messageValue } from "../server/inbound.ts";
import type { CallRequest } from "../server/request.ts";
import { kickOut } from "../server/subscriptions.ts";
import type { AuthToken } from "../server/tokens.ts";
import type { UpgradeRequest } from "../server/upgrade-request.ts";
import type { Exchange } from "./exchange.ts";
import {
  createMiddlewareStream,
  type MiddlewareFunction,
  type MiddlewareStream,
  type SocketLine,
} from "./middleware-streams.ts";
import type { AGServer } from "./server.ts";
import { SocketConsumers } from "./socket-consumers.ts";

export interface InvokeOptions {
  /** How long the client may take to answer, in ms. */
  readonly ackTimeout?: number;
}

/**
 * A connection as applications know it. Made when an application first asks for it, and only a face: the
 * connection works the same without.
 */
export class AGServerSocket extends SocketConsumers implements ConnectionObserver {
  static readonly CONNECTING = "connecting";
  static readonly OPEN = "open";
  static readonly CLOSED = "closed";
  static readonly AUTHENTICATED = "authenticated";
  static readonly UNAUTHENTICATED = "unauthenticated";
  declare readonly CONNECTING: "connecting";
  declare readonly OPEN: "open";
  declare readonly CLOSED: "closed";
  declare readonly AUTHENTICATED: "authenticated";
  declare readonly UNAUTHENTICATED: "unauthenticated";

  readonly id: string;
  readonly server: AGServer;
  /** The WebSocket beneath. */
  readonly socket: ClientSocket;
  readonly request: UpgradeRequest;
  readonly remoteAddress: string | undefined;
  readonly remoteFamily: string | undefined;
  readonly remotePort: number | undefined;
  /** Set by whoever knows the client's address behind a proxy, on the request. */
  readonly forwardedForAddress: string | undefined;
  readonly #connection: Connection;
  #middleware: Map<SocketLine, MiddlewareStream> | undefined;

  constructor(connection: Connection, server: AGServer) {
    super();
    this.#connection = connection;
    this.server = server;
    this.id = connection.id;
    this.socket = connection.ws;
    this.request = connection.request;
    const { remoteAddress, remoteFamily, remotePort } = connection.request.socket;
    this.remoteAddress = remoteAddress;
    this.remoteFamily = remoteFamily;
    this.remotePort = remotePort;
    const { forwardedForAddress } = connection.request as { forwardedForAddress?: string };
    this.forwardedForAddress = forwardedForAddress;
    connection.observer = this;
  }

  get exchange(): Exchange {
    return this.server.exchange;
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  getState(): ConnectionState {
    return this.state;
  }

  get protocolVersion(): 1 | 2 {
    return this.#connection.core.options.protocolVersion;
  }

  // ---- Who the client is

  get authState(): AuthenticationState {
    return this.#connection.auth.state;
  }

  get authToken(): AuthToken | null {
    return this.#connection.auth.token;
  }

  get signedAuthToken(): string | null {
    return this.#connection.auth.signedToken;
  }

  getAuthToken(): AuthToken | null {
    return this.authToken;
  }

  isAuthTokenExpired(token: AuthToken | null): boolean {
    return isExpired(token);
  }

  /** Signs a token and gives it to the client. @throws if it cannot be signed; the socket is closed then */
  setAuthToken(data: object, options?: SetTokenOptions): Promise<void> {
    return setAuthToken(this.#connection, data as AuthToken, options);
  }

  /** Forgets the client's token, and tells it to do so too. */
  deauthenticate(options?: { readonly rejectOnFailedDelivery?: boolean }): Promise<void> {
    return deauthenticate(this.#connection, options);
  }

  /** Forgets the client's token without telling it. */
  deauthenticateSelf(): void {
    forget(this.#connection);
  }

  // ---- Channels

  subscriptions(): string[] {
    return [...(this.#connection.channels ?? [])];
  }

  isSubscribed(channel: string): boolean {
    return this.#connection.channels?.has(channel) ?? false;
  }

  /** The channels as keys. A copy: changing it changes nothing. */
  get channelSubscriptions(): Readonly<Record<string, true>> {
    return Object.fromEntries(this.subscriptions().map((channel) => [channel, true]));
  }

  get channelSubscriptionsCount(): number {
    return this.#connection.channels?.size ?? 0;
  }

  /** Unsubscribes the client from a channel, from several, or (without any) from all, and tells it why. */
  async kickOut(channel?: string | readonly string[], message?: unknown): Promise<void> {
    const channels = channel ? [channel].flat() : this.subscriptions();
    for (const name of channels) kickOut(this.#connection, name, message);
  }

  // ---- What goes to the client

  async transmit(event: string, data?: unknown, _options?: object): Promise<void> {
    this.#connection.transmit(event, data);
  }

  /** Calls a procedure of the client. */
  invoke<Answer = unknown>(event: string, data?: unknown, options?: InvokeOptions): Promise<Answer> {
    return this.#connection.invoke(event, data, options?.ackTimeout) as Promise<Answer>;
  }

  /** Sends a message as it stands. */
  send(data: string | Uint8Array): void {
    this.#connection.sendFrame(typeof data === "string" ? textFrame(data) : binaryFrame(data));
  }

  sendObject(object: object): void {
    this.#connection.sendPacket(object as OutboundPacket);
  }

  encode(object: unknown): string | Uint8Array {
    return this.server.codec.encode(object);
  }

  decode(message: unknown): unknown {
    return this.server.codec.decode(message);
  }

  startBatch(): void {
    this.#connection.batching.begin();
  }

  flushBatch(): void {
    this.#connection.batching.flush();
  }

  cancelBatch(): void {
    this.#connection.batching.cancel();
  }

  startBatching(): void {
    this.#connection.batching.start(this.#connection.core.options.batchInterval);
  }

  stopBatching(): void {
    this.#connection.batching.stop();
  }

  cancelBatching(): void {
    this.#connection.batching.abandon();
  }

  get isBufferingBatch(): boolean {
    return this.#connection.batching.gathering;
  }

  get isBatching(): boolean {
    return this.#connection.batching.lasting;
  }

  // ---- The end

  /** Closes the connection, by default with 1000, after which clients do not come back by themselves. */
  async disconnect(code?: number, reason?: string): Promise<void> {
    if (code && typeof code !== "number") {
      this.emitError(new InvalidArgumentsError("If specified, the code argument must be a number"));
    }
    this.#connection.close(code || undefined, reason);
  }

  terminate(): void {
    this.#connection.terminate();
  }

  emitError(error: unknown): void {
    this.#connection.report(error);
  }

  // ---- Back-pressure

  getBackpressure(): number {
    return Math.max(
      this.getInboundBackpressure(),
      this.getOutboundBackpressure(),
      this.getAllListenersBackpressure(),
      this.getAllReceiversBackpressure(),
      this.getAllProceduresBackpressure(),
    );
  }

  /** Messages that came and wait. */
  getInboundBackpressure(): number {
    return this.#connection.receivedCount - this.#connection.processedCount;
  }

  get inboundReceivedMessageCount(): number {
    return this.#connection.receivedCount;
  }

  get inboundProcessedMessageCount(): number {
    return this.#connection.processedCount;
  }

  /** Packets that wait for middleware on their way out. */
  getOutboundBackpressure(): number {
    // What this turn published counts too.
    this.#connection.core.pubsub.hub.flush();
    return this.#connection.outboundWaiting;
  }

  getBytesReceived(): number {
    return this.request.socket.bytesRead;
  }

  // ---- Streams

  get middlewareHandshakeStream(): MiddlewareStream | undefined {
    return this.server.handshakeStreamOf(this.request);
  }

  /** The stream of one line, its consumer started with the first use. */
  middlewareStream(line: SocketLine, middleware: MiddlewareFunction): MiddlewareStream {
    this.#middleware ??= new Map();
    let stream = this.#middleware.get(line);
    if (stream === undefined) {
      stream = createMiddlewareStream(line);
      this.#middleware.set(line, stream);
      middleware(stream);
    }
    return stream;
  }

  closeAllMiddlewares(): void {
    this.middlewareHandshakeStream?.close();
    for (const stream of this.#middleware?.values() ?? []) stream.close();
  }

  killAllMiddlewares(): void {
    this.middlewareHandshakeStream?.kill();
    for (const stream of this.#middleware?.values() ?? []) stream.kill();
  }

  closeAllStreams(): void {
    this.closeAllMiddlewares();
    this.closeAllReceivers();
    this.closeAllProcedures();
    this.closeAllListeners();
  }

  killAllStreams(): void {
    this.killAllMiddlewares();
    this.killAllReceivers();
    this.killAllProcedures();
    this.killAllListeners();
  }

  // ---- ConnectionObserver

  message(message: Message): void {
    if (this.getListenerConsumerCount("message") > 0)
      this.emit("message", { message: messageValue(message) });
  }

  raw(message: Message): void {
    if (this.getListenerConsumerCount("raw") > 0) this.emit("raw", { message: messageValue(message) });
  }

  receives(event: string): boolean {
    return (this.receivers?.getConsumerCount(event) ?? 0) > 0;
  }

  transmitted(event: string, data: unknown): void {
    this.receivers?.write(event, data);
  }

  answers(procedure: string): boolean {
    return (this.procedures?.getConsumerCount(procedure) ?? 0) > 0;
  }

  invoked({ id, procedure, data, answered }: CallRequest): void {
    if (!this.answers(procedure)) return;
    const request = this.server.createRequest(this, id, procedure, data);
    request.sent = answered;
    this.procedures?.write(procedure, request);
  }
}

Object.assign(AGServerSocket.prototype, {
  CONNECTING: AGServerSocket.CONNECTING,
  OPEN: AGServerSocket.OPEN,
  CLOSED: AGServerSocket.CLOSED,
  AUTHENTICATED: AGServerSocket.AUTHENTICATED,
  UNAUTHENTICATED: AGServerSocket.UNAUTHENTICATED,
});

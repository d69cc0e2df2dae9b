import type { OutboundPacket } from "../protocol/encode.ts";
import { type MessageData, messageFrame } from "../protocol/frames.ts";
import {
  InvalidArgumentsError,
  PROTOCOL_ERROR_STATUSES,
  PROTOCOL_IGNORE_STATUSES,
} from "../protocol/wire-errors.ts";
import {
  announce,
  assume,
  deauthenticate,
  forget,
  isExpired,
  type SetTokenOptions,
  setAuthToken,
} from "../server/auth/authentication.ts";
import type { AuthToken } from "../server/auth/tokens.ts";
import type { ClientSocket, Connection, ConnectionState } from "../server/connection.ts";
import { openCall } from "../server/inbound/backlog.ts";
import { type Message, messageValue } from "../server/inbound/inbound.ts";
import { kickOut } from "../server/inbound/subscriptions.ts";
import type { AuthenticationState, ConnectionObserver } from "../server/middleware/events.ts";
import type { CallRequest } from "../server/middleware/request.ts";
import type { UpgradeRequest } from "../server/websocket/upgrade-request.ts";
import type {
  AnswerOf,
  AppTypes,
  DataArgument,
  NameOf,
  NewTokenOf,
  OpenName,
  RequestOf,
  Shapes,
  TokenOf,
} from "./app-types.ts";
import { makeAssignable } from "./assignable.ts";
import type { Exchange } from "./exchange.ts";
import type { MiddlewareStream } from "./middleware-streams.ts";
import { reported } from "./reported.ts";
import { AGRequest, type RequestCreator } from "./request.ts";
import type { AGServer } from "./server.ts";
import { SocketStreams } from "./socket-streams.ts";

export interface InvokeOptions {
  /** How long the client may take to answer, in ms. */
  readonly ackTimeout?: number;
}

/**
 * A connection as applications know it. Made when an application first asks for it, and only a face: the
 * connection works the same without.
 */
export class AGServerSocket<App extends AppTypes = AppTypes>
  extends SocketStreams<App>
  implements ConnectionObserver
{
  static readonly CONNECTING = "connecting";
  static readonly OPEN = "open";
  static readonly CLOSED = "closed";
  static readonly AUTHENTICATED = "authenticated";
  static readonly UNAUTHENTICATED = "unauthenticated";
  /** Reasons by close code, of those that are errors, and of those that are none. */
  static readonly errorStatuses = PROTOCOL_ERROR_STATUSES;
  static readonly ignoreStatuses = PROTOCOL_IGNORE_STATUSES;
  declare readonly CONNECTING: "connecting";
  declare readonly OPEN: "open";
  declare readonly CLOSED: "closed";
  declare readonly AUTHENTICATED: "authenticated";
  declare readonly UNAUTHENTICATED: "unauthenticated";

  readonly id: string;
  readonly server: AGServer<App>;
  /** The WebSocket beneath. */
  readonly socket: ClientSocket;
  readonly request: UpgradeRequest;
  readonly remoteAddress: string | undefined;
  readonly remoteFamily: string | undefined;
  readonly remotePort: number | undefined;
  /** Set by whoever knows the client's address behind a proxy, on the request. */
  readonly forwardedForAddress: string | undefined;

  constructor(connection: Connection, server: AGServer<App>) {
    super(connection);
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

  get exchange(): Exchange<App> {
    return this.server.exchange;
  }

  get state(): ConnectionState {
    return this.connection.state;
  }

  getState(): ConnectionState {
    return this.state;
  }

  get protocolVersion(): 1 | 2 {
    return this.connection.core.options.protocolVersion;
  }

  // ---- Who the client is

  // Also to be assigned, by applications that decide themselves who a client is; that tells nobody.

  get authState(): AuthenticationState {
    return this.connection.auth.state;
  }

  set authState(state: AuthenticationState) {
    assume(this.connection, { state });
  }

  get authToken(): TokenOf<App> | null {
    return this.connection.auth.token as TokenOf<App> | null;
  }

  set authToken(token: TokenOf<App> | null | undefined) {
    assume(this.connection, { token: (token ?? null) as AuthToken | null });
  }

  get signedAuthToken(): string | null {
    return this.connection.auth.signedToken;
  }

  set signedAuthToken(signedToken: string | null | undefined) {
    assume(this.connection, { signedToken: signedToken ?? null });
  }

  getAuthToken(): TokenOf<App> | null {
    return this.authToken;
  }

  isAuthTokenExpired(token: AuthToken | null): boolean {
    return isExpired(token);
  }

  /** Signs a token and gives it to the client. @throws if it cannot be signed; the socket is closed then */
  setAuthToken(data: NewTokenOf<App>, options?: SetTokenOptions | null): Promise<void> {
    return reported(setAuthToken(this.connection, data as AuthToken, options));
  }

  /** Forgets the client's token, and tells it to do so too. @throws if asked for, if the client does not confirm */
  deauthenticate(options?: { readonly rejectOnFailedDelivery?: boolean } | null): Promise<void> {
    return reported(deauthenticate(this.connection, options));
  }

  /** Tells those who listen, here and on the server, that the token counts from now on. */
  triggerAuthenticationEvents(oldAuthState: AuthenticationState): void {
    announce(this.connection, oldAuthState);
  }

  /** Forgets the client's token without telling it. */
  deauthenticateSelf(): void {
    forget(this.connection);
  }

  // ---- Channels

  subscriptions(): string[] {
    return [...(this.connection.channels ?? [])];
  }

  isSubscribed(channel: string): boolean {
    return this.connection.channels?.has(channel) ?? false;
  }

  /** The channels as keys. A copy: changing it changes nothing. */
  get channelSubscriptions(): Readonly<Record<string, true>> {
    return Object.fromEntries(this.subscriptions().map((channel) => [channel, true]));
  }

  get channelSubscriptionsCount(): number {
    return this.connection.channels?.size ?? 0;
  }

  /**
   * Unsubscribes the client from a channel, from several, or (without any) from all, and tells it why.
   *
   * @throws {InvalidActionError} for a channel that it is not subscribed to, after the others
   */
  kickOut(channel?: string | readonly string[], message?: unknown): Promise<void> {
    const channels = channel ? [channel].flat() : this.subscriptions();
    return reported(kickOut(this.connection, channels, message));
  }

  /** Makes what a procedure is given; the `requestCreator` option, or `defaultRequestCreator`. */
  get createRequest(): RequestCreator<App> {
    return this.server.options.requestCreator ?? this.defaultRequestCreator;
  }

  defaultRequestCreator(
    socket: AGServerSocket<App>,
    id: number,
    procedureName: string,
    data: unknown,
  ): AGRequest {
    return new AGRequest(socket as unknown as AGServerSocket, id, procedureName, data);
  }

  // ---- What goes to the client

  transmit(event: OpenName<Shapes<App, "clientReceivers">>, data?: unknown, options?: object): Promise<void>;
  transmit<Name extends NameOf<Shapes<App, "clientReceivers">>>(
    event: Name,
    ...data: DataArgument<Shapes<App, "clientReceivers">[Name]>
  ): Promise<void>;
  async transmit(event: string, data?: unknown): Promise<void> {
    // A publication is an object, as in the original.
    this.connection.transmit(event, event === "#publish" ? data || {} : data);
  }

  /** Calls a procedure of the client. */
  invoke<Answer = unknown>(
    event: OpenName<Shapes<App, "clientProcedures">>,
    data?: unknown,
    options?: InvokeOptions,
  ): Promise<Answer>;
  invoke<Name extends NameOf<Shapes<App, "clientProcedures">>>(
    event: Name,
    data: RequestOf<Shapes<App, "clientProcedures">[Name]>,
    options?: InvokeOptions,
  ): Promise<AnswerOf<Shapes<App, "clientProcedures">[Name]>>;
  invoke(event: string, data?: unknown, options?: InvokeOptions): Promise<unknown> {
    return this.connection.invoke(event, data, options?.ackTimeout);
  }

  /**
   * Sends a message as it stands, as the `ws` of the original does: text as text, a number as its text, what has
   * bytes (a Buffer, an ArrayBuffer, any view of one) as a binary message, and nothing as an empty one.
   *
   * @param options.binary which of the two it goes as, whatever it is
   * @throws {TypeError} for what has no bytes, such as an object
   */
  send(data: MessageData, options?: { readonly binary?: boolean } | null): void {
    this.connection.sendFrame(messageFrame(data, options?.binary));
  }

  sendObject(object: object): void {
    const rid = answeredBy(object);
    if (rid !== undefined) this.connection.backlog?.answered(rid);
    this.connection.sendPacket(object as OutboundPacket);
  }

  /** As `encode`, but what cannot be written is `null`, and reported. */
  serializeObject(object: unknown): string | Uint8Array | null {
    try {
      return this.encode(object);
    } catch (error) {
      this.emitError(error);
      return null;
    }
  }

  encode(object: unknown): string | Uint8Array {
    return this.server.codec.encode(object);
  }

  decode(message: unknown): unknown {
    return this.server.codec.decode(message);
  }

  startBatch(): void {
    this.connection.batching.begin();
  }

  flushBatch(): void {
    this.connection.batching.flush();
  }

  cancelBatch(): void {
    this.connection.batching.cancel();
  }

  startBatching(): void {
    this.connection.batching.start(this.connection.core.options.batchInterval);
  }

  stopBatching(): void {
    this.connection.batching.stop();
  }

  cancelBatching(): void {
    this.connection.batching.abandon();
  }

  get isBufferingBatch(): boolean {
    return this.connection.batching.gathering;
  }

  get isBatching(): boolean {
    return this.connection.batching.lasting;
  }

  get batchOnHandshake(): boolean {
    return this.connection.core.options.batchOnHandshake;
  }

  get batchOnHandshakeDuration(): number {
    return this.connection.core.options.batchOnHandshakeDuration;
  }

  get batchInterval(): number {
    return this.connection.core.options.batchInterval;
  }

  get cloneData(): boolean {
    return this.connection.core.options.cloneData;
  }

  // ---- The end

  /** Closes the connection, by default with 1000, after which clients do not come back by themselves. */
  async disconnect(code?: number, reason?: string): Promise<void> {
    if (code && typeof code !== "number") {
      this.emitError(new InvalidArgumentsError("If specified, the code argument must be a number"));
    }
    this.connection.close(code || undefined, reason);
  }

  terminate(): void {
    this.connection.terminate();
  }

  emitError(error: unknown): void {
    this.connection.report(error);
  }

  getBytesReceived(): number {
    return this.request.socket.bytesRead;
  }

  get middlewareHandshakeStream(): MiddlewareStream<App> | undefined {
    return this.server.handshakeStreamOf(this.request);
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
    const request = this.createRequest(this, id, procedure, data);
    request.sent = answered;
    if (!answered) openCall(this.connection, id);
    this.procedures?.write(procedure, request);
  }
}

makeAssignable(SocketStreams.prototype);
makeAssignable(AGServerSocket.prototype);
Object.assign(AGServerSocket.prototype, {
  CONNECTING: AGServerSocket.CONNECTING,
  OPEN: AGServerSocket.OPEN,
  CLOSED: AGServerSocket.CLOSED,
  AUTHENTICATED: AGServerSocket.AUTHENTICATED,
  UNAUTHENTICATED: AGServerSocket.UNAUTHENTICATED,
});

/** The call that a packet of the application answers. What cannot be looked at is none; whoever writes it reports why. */
function answeredBy(packet: unknown): number | undefined {
  try {
    const rid: unknown = (packet as { rid?: unknown } | null | undefined)?.rid;
    return typeof rid === "number" ? rid : undefined;
  } catch {
    return undefined;
  }
}

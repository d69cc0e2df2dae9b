import { randomBytes } from "node:crypto";
import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import formatter from "sc-formatter";
import { InvalidActionError, InvalidArgumentsError, InvalidOptionsError } from "../protocol/wire-errors.ts";
import type { Broker, Deliver } from "../pubsub/broker.ts";
import { Hub } from "../pubsub/hub.ts";
import { LocalBroker } from "../pubsub/local-broker.ts";
import { PubSub } from "../pubsub/pubsub.ts";
import { systemClock } from "../runtime/clock.ts";
import { Turn } from "../runtime/turn.ts";
import type { Connection } from "../server/connection.ts";
import { ServerCore } from "../server/core.ts";
import { type DrainOptions, drain } from "../server/drain.ts";
import type { Middleware, MiddlewareLine } from "../server/middleware.ts";
import { type CodecEngine, resolveOptions } from "../server/options.ts";
import { type TokenEngine, Tokens } from "../server/tokens.ts";
import type { UpgradeRequest } from "../server/upgrade-request.ts";
import { WsServer } from "../server/ws-server.ts";
import { type BrokerEngine, DefaultBrokerEngine, EngineBroker } from "./broker-engine.ts";
import { type SocketRecord, socketRecord } from "./clients.ts";
import type { ServerEventMap } from "./events.ts";
import { Exchange } from "./exchange.ts";
import { forwardEvents } from "./forward-events.ts";
import { type MiddlewareFunction, type MiddlewareStream, MiddlewareStreams } from "./middleware-streams.ts";
import type { AGServerOptions, InternalOptions } from "./options.ts";
import { AGRequest } from "./request.ts";
import { AGServerSocket } from "./server-socket.ts";
import { type ConsumableStream, StreamEmitter } from "./streams.ts";

const DEFAULTS = { authDefaultExpiry: 86_400, socketStreamCleanupMode: "kill", cloneData: false } as const;
const LINES: ReadonlySet<string> = new Set(["handshake", "inboundRaw", "inbound", "outbound"]);

/**
 * A server of SocketCluster clients, as applications know it.
 *
 * Only a face: connections are served by `core`, and what nobody listens to or asks for is not made.
 */
export class AGServer extends StreamEmitter<ServerEventMap> {
  static readonly MIDDLEWARE_HANDSHAKE = "handshake";
  static readonly MIDDLEWARE_INBOUND_RAW = "inboundRaw";
  static readonly MIDDLEWARE_INBOUND = "inbound";
  static readonly MIDDLEWARE_OUTBOUND = "outbound";
  readonly MIDDLEWARE_HANDSHAKE = AGServer.MIDDLEWARE_HANDSHAKE;
  readonly MIDDLEWARE_INBOUND_RAW = AGServer.MIDDLEWARE_INBOUND_RAW;
  readonly MIDDLEWARE_INBOUND = AGServer.MIDDLEWARE_INBOUND;
  readonly MIDDLEWARE_OUTBOUND = AGServer.MIDDLEWARE_OUTBOUND;

  /** What it was given, and the defaults of the rest. */
  readonly options: AGServerOptions;
  httpServer: HttpServer | HttpsServer;
  readonly exchange: Exchange;
  /** What carries publications: what the application brought, or a face of our own. */
  readonly brokerEngine: BrokerEngine | DefaultBrokerEngine;
  /** What serves the connections: counters, hub, limits. For the process that owns the server. */
  readonly core: ServerCore;
  /** Open sockets by id. */
  readonly clients: SocketRecord;
  /** Sockets whose handshake is still to come, by id. */
  readonly pendingClients: SocketRecord;
  isReady = false;

  readonly #ws: WsServer;
  readonly #faces = new WeakMap<Connection, AGServerSocket>();
  readonly #middleware: MiddlewareStreams;
  readonly #functions = new Map<MiddlewareLine, MiddlewareFunction>();

  constructor(options: AGServerOptions = {}, internal: InternalOptions = {}) {
    super();
    const { httpServer } = options;
    if (httpServer === undefined) {
      throw new InvalidOptionsError("The httpServer option must be an HTTP server to attach to");
    }
    this.httpServer = httpServer;
    this.core = createCore(options, internal, (error) => this.emitWarning(error));
    this.options = { ...DEFAULTS, ...options, ...this.core.options };
    this.core.present = (connection) => this.socketOf(connection);
    this.exchange = new Exchange(this.core.pubsub, (error) => this.emitWarning(error));
    this.brokerEngine = options.brokerEngine ?? new DefaultBrokerEngine(this.core.pubsub, this.exchange);
    this.clients = socketRecord(this.core.open, (connection) => this.socketOf(connection));
    this.pendingClients = socketRecord(this.core.pending, (connection) => this.socketOf(connection));
    this.#middleware = new MiddlewareStreams((connection) => this.socketOf(connection));
    this.core.events = forwardEvents(this, (connection) => this.#faces.get(connection));
    this.#ws = new WsServer(this.core, httpServer);
    // Not at once: whoever made the server must be able to listen for it.
    setTimeout(() => this.#becomeReady(), 0);
    if (options.brokerEngine?.listener) void this.#watch(options.brokerEngine.listener("error"));
  }

  async #watch(errors: ConsumableStream<{ readonly error: unknown }>): Promise<void> {
    for await (const { error } of errors) this.emitWarning(error);
  }

  #becomeReady(): void {
    this.isReady = true;
    this.emit("ready", {});
  }

  get clientsCount(): number {
    return this.core.open.size;
  }

  get pendingClientsCount(): number {
    return this.core.pending.size;
  }

  /** The face of a connection, made when first asked for. */
  socketOf(connection: Connection): AGServerSocket {
    let socket = this.#faces.get(connection);
    if (socket === undefined) {
      socket = new AGServerSocket(connection, this);
      this.#faces.set(connection, socket);
    }
    return socket;
  }

  createRequest(socket: AGServerSocket, id: number, procedure: string, data: unknown): AGRequest {
    const { requestCreator } = this.options;
    return requestCreator
      ? requestCreator.call(socket, socket, id, procedure, data)
      : new AGRequest(socket, id, procedure, data);
  }

  // ---- Options as upstream shows them

  get ackTimeout(): number {
    return this.core.options.ackTimeout;
  }

  get handshakeTimeout(): number {
    return this.core.options.handshakeTimeout;
  }

  get strictHandshake(): boolean {
    return this.core.options.strictHandshake;
  }

  get pingInterval(): number {
    return this.core.options.pingInterval;
  }

  get pingTimeout(): number {
    return this.core.options.pingTimeout;
  }

  get pingTimeoutDisabled(): boolean {
    return this.core.options.pingTimeoutDisabled;
  }

  get allowClientPublish(): boolean {
    return this.core.options.allowClientPublish;
  }

  get socketChannelLimit(): number | undefined {
    return this.core.options.socketChannelLimit;
  }

  get protocolVersion(): 1 | 2 {
    return this.core.options.protocolVersion;
  }

  get origins(): string {
    return this.core.options.origins;
  }

  // ---- Keys, tokens, codec

  get auth(): TokenEngine {
    return this.core.tokens.engine;
  }

  get signatureKey(): unknown {
    return this.core.tokens.signatureKey;
  }

  set signatureKey(key: unknown) {
    this.core.tokens.signatureKey = key;
  }

  get verificationKey(): unknown {
    return this.core.tokens.verificationKey;
  }

  set verificationKey(key: unknown) {
    this.core.tokens.verificationKey = key;
  }

  get defaultSignatureOptions(): { readonly expiresIn: number; readonly algorithm?: string } {
    return this.core.tokens.signatureOptions;
  }

  get defaultVerificationOptions(): { readonly algorithms?: readonly string[] } {
    return this.core.tokens.verificationOptions;
  }

  setAuthEngine(engine: TokenEngine): void {
    this.core.tokens.engine = engine;
  }

  get codec(): CodecEngine {
    return this.core.codec ?? formatter;
  }

  setCodecEngine(codec: CodecEngine): void {
    this.core.codec = codec;
  }

  // ---- Middleware

  /**
   * Lets an application decide about what comes and goes on one line.
   *
   * @throws {InvalidArgumentsError} for an unknown line
   * @throws {InvalidActionError} if the line has middleware already
   */
  setMiddleware(type: MiddlewareLine, middleware: MiddlewareFunction): void {
    if (!LINES.has(type)) throw new InvalidArgumentsError(`Middleware ${type} type is not supported`);
    if (this.#functions.has(type)) {
      throw new InvalidActionError(`Middleware ${type} type has already been set`);
    }
    this.#functions.set(type, middleware);
    // One function serves each line's actions; which they are, the core knows.
    const lines = this.core.middleware as Record<MiddlewareLine, Middleware["inbound"]>;
    lines[type] = (action) => this.#middleware.decide(type, middleware, action);
  }

  removeMiddleware(type: MiddlewareLine): void {
    this.#functions.delete(type);
    this.core.middleware[type] = undefined;
  }

  hasMiddleware(type: MiddlewareLine): boolean {
    return this.#functions.has(type);
  }

  /** Starts the middleware of a new connection, so that it is there before the first action. */
  startMiddleware(connection: Connection): void {
    for (const [line, middleware] of this.#functions) {
      if (line !== "handshake") this.socketOf(connection).middlewareStream(line, middleware);
    }
  }

  /** The handshake stream of a request, if middleware consumes one. */
  handshakeStreamOf(request: UpgradeRequest): MiddlewareStream | undefined {
    return this.#middleware.handshakeOf(request);
  }

  // ---- The rest

  emitError(error: unknown): void {
    this.emit("error", { error });
  }

  emitWarning(warning: unknown): void {
    this.emit("warning", { warning });
  }

  getPath(): string {
    return this.core.options.path;
  }

  generateId(): string {
    return randomBytes(15).toString("base64url");
  }

  /** Parts with all clients, a few at a time; resolves once they are gone. */
  drain(options: DrainOptions): Promise<void> {
    return drain(this.core, options);
  }

  /** Lets nobody in any more, and cuts those who are there unless told to keep them. */
  async close(keepSocketsOpen = false): Promise<void> {
    this.isReady = false;
    this.#ws.close();
    if (keepSocketsOpen) return;
    const { open, pending } = this.core;
    for (const connection of [...open.values(), ...pending.values()]) connection.terminate();
  }
}

function createCore(
  options: AGServerOptions,
  { turn = new Turn(), clock = systemClock, broker }: InternalOptions,
  warn: (error: unknown) => void,
): ServerCore {
  const hub = new Hub(turn);
  const deliver: Deliver = (publication) => hub.deliver(publication);
  const { brokerEngine } = options;
  return new ServerCore({
    options: resolveOptions(options),
    pubsub: new PubSub(hub, broker?.(deliver) ?? defaultBroker(brokerEngine, deliver, warn)),
    tokens: new Tokens(options),
    turn,
    clock,
  });
}

function defaultBroker(
  engine: BrokerEngine | undefined,
  deliver: Deliver,
  warn: (error: unknown) => void,
): Broker {
  return engine === undefined ? new LocalBroker(deliver) : new EngineBroker(engine, deliver, warn);
}

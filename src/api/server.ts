import { randomBytes } from "node:crypto";
import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import { createRequire } from "node:module";
import { join } from "node:path";
import formatter from "sc-formatter";
import { InvalidActionError, InvalidArgumentsError, InvalidOptionsError } from "../protocol/wire-errors.ts";
import type { Deliver } from "../pubsub/broker.ts";
import { Hub } from "../pubsub/hub.ts";
import { LocalBroker } from "../pubsub/local-broker.ts";
import { PubSub } from "../pubsub/pubsub.ts";
import { systemClock } from "../runtime/clock.ts";
import { Turn } from "../runtime/turn.ts";
import { type Origins, originProblems } from "../server/auth/origin.ts";
import { type TokenEngine, Tokens } from "../server/auth/tokens.ts";
import {
  type AnswerClient,
  type ClientInfo,
  type VerifyClient,
  verifyClient,
} from "../server/auth/verify.ts";
import type { Connection } from "../server/connection.ts";
import { ServerCore } from "../server/core.ts";
import { type DrainOptions, drain } from "../server/drain/drain.ts";
import type { Middleware, MiddlewareLine } from "../server/middleware/middleware.ts";
import { type CodecEngine, type PerMessageDeflate, problemsOf, resolveOptions } from "../server/options.ts";
import { EngineServer, type WsEngine } from "../server/websocket/engine-server.ts";
import type { UpgradeRequest } from "../server/websocket/upgrade-request.ts";
import { WsServer } from "../server/websocket/ws-server.ts";
import type { AppTypes } from "./app-types.ts";
import { makeAssignable } from "./assignable.ts";
import { type BrokerEngine, DefaultBrokerEngine, EngineBroker } from "./broker-engine.ts";
import { type SocketRecord, socketRecord } from "./clients.ts";
import type { ServerEventMap } from "./events.ts";
import { Exchange } from "./exchange.ts";
import { forwardEvents } from "./forward-events.ts";
import {
  HANDSHAKE_STREAM,
  type MiddlewareFunction,
  type MiddlewareStream,
  MiddlewareStreams,
} from "./middleware-streams.ts";
import type { AGServerOptions, InternalOptions } from "./options.ts";
import { AGServerSocket } from "./server-socket.ts";
import { type ConsumableStream, StreamEmitter } from "./streams.ts";

const DEFAULTS = { authDefaultExpiry: 86_400, socketStreamCleanupMode: "kill", wsEngine: "ws" } as const;
const LINES: ReadonlySet<string> = new Set(["handshake", "inboundRaw", "inbound", "outbound"]);

/**
 * A server of SocketCluster clients, as applications know it.
 *
 * Only a face: connections are served by `core`, and what nobody listens to or asks for is not made.
 */
export class AGServer<App extends AppTypes = AppTypes> extends StreamEmitter<ServerEventMap<App>> {
  static readonly MIDDLEWARE_HANDSHAKE = "handshake";
  static readonly MIDDLEWARE_INBOUND_RAW = "inboundRaw";
  static readonly MIDDLEWARE_INBOUND = "inbound";
  static readonly MIDDLEWARE_OUTBOUND = "outbound";
  static readonly SYMBOL_MIDDLEWARE_HANDSHAKE_STREAM: symbol = HANDSHAKE_STREAM;
  readonly MIDDLEWARE_HANDSHAKE = AGServer.MIDDLEWARE_HANDSHAKE;
  readonly MIDDLEWARE_INBOUND_RAW = AGServer.MIDDLEWARE_INBOUND_RAW;
  readonly MIDDLEWARE_INBOUND = AGServer.MIDDLEWARE_INBOUND;
  readonly MIDDLEWARE_OUTBOUND = AGServer.MIDDLEWARE_OUTBOUND;
  readonly SYMBOL_MIDDLEWARE_HANDSHAKE_STREAM: symbol = HANDSHAKE_STREAM;

  /** What it was given, and the defaults of the rest. */
  readonly options: AGServerOptions<App>;
  httpServer: HttpServer | HttpsServer;
  readonly exchange: Exchange<App>;
  /** What carries publications: what the application brought, or a face of our own. */
  readonly brokerEngine: BrokerEngine | DefaultBrokerEngine;
  /** What serves the connections: counters, hub, limits. For the process that owns the server. */
  readonly core: ServerCore;
  /** Open sockets by id. */
  readonly clients: SocketRecord<App>;
  /** Sockets whose handshake is still to come, by id. */
  readonly pendingClients: SocketRecord<App>;
  isReady = false;

  // Options that may be changed while the server runs; see SETTINGS below.
  declare ackTimeout: number;
  declare handshakeTimeout: number;
  declare strictHandshake: boolean;
  declare pingInterval: number;
  declare pingTimeout: number;
  declare pingTimeoutDisabled: boolean;
  declare allowClientPublish: boolean;
  declare socketChannelLimit: number | undefined;
  /** May be changed. @throws {InvalidOptionsError} for entries that let in nobody */
  declare origins: Origins;
  declare middlewareEmitFailures: boolean;
  declare readonly protocolVersion: 1 | 2;
  declare readonly perMessageDeflate: PerMessageDeflate | undefined;

  readonly #ws: WsServer | EngineServer;
  readonly #faces = new WeakMap<Connection, AGServerSocket<App>>();
  readonly #middleware: MiddlewareStreams<App>;
  readonly #functions = new Map<MiddlewareLine, MiddlewareFunction<App>>();

  constructor(options: AGServerOptions<App> = {}, internal: InternalOptions = {}) {
    super();
    const { httpServer, brokerEngine } = options;
    if (httpServer === undefined) {
      throw new InvalidOptionsError("The httpServer option must be an HTTP server to attach to");
    }
    this.httpServer = httpServer;
    const warn = (error: unknown): void => this.emitWarning(error);
    this.core = createCore(options, internal, warn);
    const problems = problemsOf(options);
    if (problems.length > 0)
      throw new InvalidOptionsError(`Cannot serve with these options: ${problems.join("; ")}`);
    this.core.present = (connection) => this.socketOf(connection);
    // An exchange of the application's own must behave like ours.
    const theirs = brokerEngine?.exchange?.() as Exchange<App> | undefined;
    this.exchange = theirs ?? new Exchange<App>(this.core.pubsub, warn);
    this.brokerEngine = brokerEngine ?? new DefaultBrokerEngine(this.core, this.exchange);
    brokerEngine?.setCodecEngine?.(this.codec);
    this.options = { ...DEFAULTS, ...options, ...this.core.options, brokerEngine: this.brokerEngine };
    this.clients = socketRecord(this.core.open, (connection) => this.socketOf(connection));
    this.pendingClients = socketRecord(this.core.pending, (connection) => this.socketOf(connection));
    this.#middleware = new MiddlewareStreams<App>((connection) => this.socketOf(connection));
    this.core.events = forwardEvents(this as unknown as AGServer, (connection) =>
      (this.#faces as WeakMap<Connection, AGServerSocket>).get(connection),
    );
    this.#ws = this.#createWsServer(options.wsEngine);
    httpServer.on("error", this.#httpFailed);
    // Not at once: whoever made the server must be able to listen for it.
    setTimeout(() => void this.#becomeReady(), 0);
    if (brokerEngine?.listener) void this.#watch(brokerEngine.listener("error"));
  }

  /**
   * What goes wrong with the HTTP server, such as a port in use, is an error of this one, unless somebody else looks
   * after it. Where nobody listens to either, it ends the process, as it does without us.
   */
  readonly #httpFailed = (error: Error): void => {
    if (this.httpServer.listenerCount("error") > 1) return;
    if (this.getListenerConsumerCount("error") === 0) throw error;
    this.emitError(error);
  };

  #createWsServer(engine: AGServerOptions["wsEngine"]): WsServer | EngineServer {
    const isOverridden = this.verifyHandshake !== AGServer.prototype.verifyHandshake;
    const verify: VerifyClient = (info, answer) => this.verifyHandshake(info, answer);
    if (engine == null || engine === "ws") {
      return new WsServer(this.core, this.httpServer, isOverridden ? verify : undefined);
    }
    return new EngineServer(this.core, this.httpServer, loadEngine(engine), verify);
  }

  async #watch(errors: ConsumableStream<unknown>): Promise<void> {
    for await (const event of errors) this.emitWarning((event as { error: unknown }).error);
  }

  async #becomeReady(): Promise<void> {
    const { brokerEngine } = this;
    if (brokerEngine instanceof DefaultBrokerEngine) brokerEngine.becomeReady();
    else if (brokerEngine.isReady === false) await brokerEngine.listener?.("ready").once();
    this.isReady = true;
    this.emit("ready", {});
  }

  /** The WebSocket server beneath. */
  get wsServer(): unknown {
    return this.#ws.handle;
  }

  /** Decides whether a client may connect. Subclasses may decide otherwise. */
  verifyHandshake(info: ClientInfo, callback: AnswerClient): void {
    verifyClient(this.core, info, callback);
  }

  get clientsCount(): number {
    return this.core.open.size;
  }

  get pendingClientsCount(): number {
    return this.core.pending.size;
  }

  /** The face of a connection, made when first asked for. */
  socketOf(connection: Connection): AGServerSocket<App> {
    let socket = this.#faces.get(connection);
    if (socket === undefined) {
      socket = new AGServerSocket<App>(connection, this);
      this.#faces.set(connection, socket);
    }
    return socket;
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

  set defaultSignatureOptions(options: { readonly expiresIn: number; readonly algorithm?: string }) {
    this.core.tokens.signatureOptions = options;
  }

  get defaultVerificationOptions(): { readonly algorithms?: readonly string[] } {
    return this.core.tokens.verificationOptions;
  }

  set defaultVerificationOptions(options: { readonly algorithms?: readonly string[] }) {
    this.core.tokens.verificationOptions = options;
  }

  set auth(engine: TokenEngine) {
    this.core.tokens.engine = engine;
  }

  setAuthEngine(engine: TokenEngine): void {
    this.auth = engine;
  }

  get codec(): CodecEngine {
    return this.core.codec ?? formatter;
  }

  set codec(codec: CodecEngine) {
    this.core.useCodec(codec);
  }

  setCodecEngine(codec: CodecEngine): void {
    this.codec = codec;
    this.brokerEngine.setCodecEngine?.(codec);
  }

  // ---- Middleware

  /**
   * Lets an application decide about what comes and goes on one line.
   *
   * @throws {InvalidArgumentsError} for an unknown line
   * @throws {InvalidActionError} if the line has middleware already
   */
  setMiddleware(type: MiddlewareLine, middleware: MiddlewareFunction<App>): void {
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
  handshakeStreamOf(request: UpgradeRequest): MiddlewareStream<App> | undefined {
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
    this.httpServer.off("error", this.#httpFailed);
    if (keepSocketsOpen) return;
    const { open, pending } = this.core;
    for (const connection of [...open.values(), ...pending.values()]) connection.terminate();
  }
}

const SETTINGS = [
  "ackTimeout",
  "handshakeTimeout",
  "strictHandshake",
  "pingInterval",
  "pingTimeout",
  "pingTimeoutDisabled",
  "allowClientPublish",
  "socketChannelLimit",
  "origins",
  "middlewareEmitFailures",
] as const;

for (const name of [...SETTINGS, "protocolVersion", "perMessageDeflate"] as const) {
  const get = function (this: AGServer): unknown {
    return this.core.options[name];
  };
  const set = function (this: AGServer, value: unknown): void {
    const problems = name === "origins" ? originProblems(value) : [];
    if (problems.length > 0) throw new InvalidOptionsError(problems.join("; "));
    this.core.change({ [name]: value });
  };
  const isFixed = !(SETTINGS as readonly string[]).includes(name);
  Object.defineProperty(AGServer.prototype, name, { get, ...(!isFixed && { set }), configurable: true });
}

makeAssignable(AGServer.prototype);

/** @throws {InvalidOptionsError} if it is none */
function loadEngine(engine: WsEngine | string): WsEngine {
  const loaded: unknown =
    typeof engine === "string" ? createRequire(join(process.cwd(), "server.js"))(engine) : engine;
  if (typeof (loaded as Partial<WsEngine> | null)?.Server === "function") return loaded as WsEngine;
  throw new InvalidOptionsError(
    "The wsEngine option must be a path or module name which points " +
      "to a valid WebSocket engine module with a compatible interface",
  );
}

function createCore(
  options: AGServerOptions<never>,
  { turn = new Turn(), clock = systemClock, broker, memory }: InternalOptions,
  warn: (error: unknown) => void,
): ServerCore {
  const hub = new Hub(turn);
  const deliver: Deliver = (publication) => hub.deliver(publication);
  const { brokerEngine } = options;
  const resolved = resolveOptions(options);
  const engine = brokerEngine && new EngineBroker(brokerEngine, deliver, warn, () => pubsub.form);
  const pubsub = new PubSub(
    hub,
    broker?.(deliver) ?? engine ?? new LocalBroker(deliver),
    resolved.publishLevel,
  );
  return new ServerCore({
    options: resolved,
    pubsub,
    tokens: new Tokens(options),
    turn,
    clock,
    ...(memory && { memory }),
  });
}

import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { RawData, WebSocket, ServerOptions as WsOptions } from "ws";
import { ServerProtocolError } from "../../protocol/wire-errors.ts";
import { type VerifyClient, verifyClient } from "../auth/verify.ts";
import { Connection } from "../connection.ts";
import type { ServerCore } from "../core.ts";
import { receive } from "../inbound/inbound.ts";
import { ClientWebSocketServer, CompressedWebSocket } from "./compressed-web-socket.ts";
import { compressionOf, DeflateClients, negotiable } from "./compression/deflate-clients.ts";
import { leaveToOthers } from "./foreign-upgrade.ts";
import { faultOf, type HandshakeFault, pathOf } from "./opening-handshake.ts";
import { slim, type UpgradeRequest } from "./upgrade-request.ts";

const ELSEWHERE: HandshakeFault = { status: 400, message: "Bad Request", headers: "" };
const STOPPING: HandshakeFault = { status: 503, message: "Service Unavailable", headers: "" };
const FULL: HandshakeFault = { ...STOPPING, message: "Too many connections", headers: "Retry-After: 5\r\n" };

type ClientWebSocket = WebSocket & { connection?: Connection };
type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** What an HTTP server must be able to do for us; an `https.Server` or a plain emitter of upgrades can as well. */
export interface UpgradingServer {
  on(event: "upgrade", listener: UpgradeListener): unknown;
  off(event: "upgrade", listener: UpgradeListener): unknown;
  listenerCount(event: "upgrade"): number;
}

/**
 * Turns the upgrade requests of an HTTP server into connections.
 *
 * Requests for other paths are left to whoever else listens for upgrades, and refused if nobody takes them. `ws`
 * does the opening handshake, parses what comes in and closes; what goes out is written by outbox.ts.
 */
export class WsServer {
  readonly #core: ServerCore;
  readonly #http: UpgradingServer;
  readonly #isVerifiedByOthers: boolean;
  readonly handle: ClientWebSocketServer;
  readonly #deflate: DeflateClients | undefined;

  /** @param verify decides in the place of `verifyClient` */
  constructor(core: ServerCore, http: UpgradingServer, verify?: VerifyClient) {
    this.#core = core;
    this.#http = http;
    this.#isVerifiedByOthers = verify !== undefined;
    const decide: VerifyClient = verify ?? ((info, answer) => verifyClient(core, info, answer));
    const restored: VerifyClient = (info, answer) => {
      this.#deflate?.restore(info.req);
      decide(info, answer);
    };
    this.handle = new ClientWebSocketServer(wsOptions(core, restored));
    this.handle.on("error", (error) => core.warn(error));
    this.#deflate = DeflateClients.of(core);
    if (this.#deflate) this.handle.on("headers", this.#deflate.answering);
    http.on("upgrade", this.#upgrade);
  }

  /** Upgrades are no longer listened for. Connections stay. */
  close(): void {
    this.#http.off("upgrade", this.#upgrade);
    this.handle.close();
  }

  readonly #upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (!this.#isOurs(request)) {
      this.#leave(socket);
      return;
    }
    const fault = faultOf(request);
    if (fault !== undefined) refuse(socket, fault);
    else if (!this.#core.accepting) refuse(socket, STOPPING);
    else if (this.#core.isFull) this.#refuseFull(socket);
    else this.#handle(request, socket, head);
  };

  #handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const decided = this.#isDecidedLater ? this.#watch(socket) : undefined;
    this.#deflate?.choose(request);
    this.handle.handleUpgrade(request, socket, head, (ws: ClientWebSocket) => {
      decided?.();
      const deflater = this.#deflate?.take();
      const connection = new Connection(this.#core, ws, socket as Socket, this.#kept(request), deflater);
      ws.connection = connection;
      if (ws instanceof CompressedWebSocket) ws.on("message", onMessage);
      ws.on("close", onClose);
      ws.on("error", onError);
      this.#core.events.connecting?.(connection);
    });
  }

  #refuseFull(socket: Duplex): void {
    const { counters, options } = this.#core;
    counters.full += 1;
    this.#core.warn(
      new ServerProtocolError(
        `Cannot take one more client: there are ${options.maxConnections} (maxConnections, SCC_MAX_CONNECTIONS)`,
      ),
    );
    refuse(socket, FULL);
  }

  #leave(socket: Duplex): void {
    if (this.#http.listenerCount("upgrade") === 1) refuse(socket, ELSEWHERE);
    else {
      const { clock, options } = this.#core;
      leaveToOthers(socket, clock, options.handshakeTimeout, () => refuse(socket, ELSEWHERE));
    }
  }

  get #isDecidedLater(): boolean {
    return this.#isVerifiedByOthers || this.#core.middleware.handshake !== undefined;
  }

  /**
   * While an upgrade is decided about, nobody else looks after its socket: it may take as long as a handshake.
   *
   * @returns a function to be called when it has been decided
   */
  #watch(socket: Duplex): () => void {
    const { undecided, clock, options } = this.#core;
    const timer = clock.after(options.handshakeTimeout, () => socket.destroy());
    const decided = (): void => {
      timer.cancel();
      undecided.delete(socket);
      socket.off("close", decided);
    };
    undecided.add(socket);
    socket.once("close", decided);
    return decided;
  }

  #kept(request: IncomingMessage): UpgradeRequest {
    const seenByOthers = this.#isDecidedLater || this.#http.listenerCount("upgrade") > 1;
    return seenByOthers ? request : slim(request);
  }

  #isOurs(request: IncomingMessage): boolean {
    return pathOf(request.url ?? "") === this.#core.options.path;
  }
}

function wsOptions(core: ServerCore, verify: VerifyClient): WsOptions {
  const { wsEngineServerOptions, maxPayload, handleProtocols } = core.options;
  const options: WsOptions = { clientTracking: false, maxPayload };
  if (handleProtocols !== undefined) options.handleProtocols = handleProtocols;
  const { server: _, port: __, path: ___, ...given } = wsEngineServerOptions ?? {};
  const compression = compressionOf(core.options);
  return {
    ...options,
    ...given,
    ...(compression !== undefined && { perMessageDeflate: negotiable(compression) }),
    noServer: true,
    verifyClient: verify as NonNullable<WsOptions["verifyClient"]>,
    // What a client publishes goes to others as it stands: it must be UTF-8, or theirs would be closed.
    skipUTF8Validation: false,
  };
}

function refuse(socket: Duplex, { status, message, headers }: HandshakeFault): void {
  // Whoever is turned away may hang up first; nobody else listens for what the socket says of it by now.
  socket.on("error", () => socket.destroy());
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n${headers}Content-Type: text/plain\r\n` +
      `Content-Length: ${message.length}\r\n\r\n${message}`,
  );
}

function onMessage(this: ClientWebSocket, data: RawData, isBinary: boolean): void {
  const { connection } = this;
  if (connection !== undefined) receive(connection, data as Buffer, !isBinary);
}

function onClose(this: ClientWebSocket, code: number, reason: Buffer): void {
  const { connection } = this;
  if (connection === undefined) return;
  // Of a client that compresses this is the first word of its goodbye.
  connection.inbound?.finish();
  connection.end(code, reason.toString());
  connection.core.closing.delete(connection);
}

function onError(this: ClientWebSocket, error: Error): void {
  const { connection } = this;
  if (connection === undefined) return;
  // A connection that is over has been reported on: what its socket says then is no news.
  if (connection.state !== "closed") connection.report(error);
}

import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { type RawData, type Server, WebSocket, WebSocketServer, type ServerOptions as WsOptions } from "ws";
import { ServerProtocolError } from "../protocol/wire-errors.ts";
import { Connection } from "./connection.ts";
import type { ServerCore } from "./core.ts";
import { compressionOf, DeflateClients, negotiable } from "./deflate-clients.ts";
import { leaveToOthers } from "./foreign-upgrade.ts";
import { receive } from "./inbound.ts";
import { PlainWebSocket } from "./plain-web-socket.ts";
import { slim, type UpgradeRequest } from "./upgrade-request.ts";
import { type VerifyClient, verifyClient } from "./verify.ts";

/** The WebSocket of `ws`, for clients that compress: it knows whose it is, so that all share its listeners. */
class CompressedWebSocket extends WebSocket {
  connection: Connection | undefined;
}

/** For who could not be taken: seconds. */
const RETRY_AFTER = "Retry-After: 5\r\n";

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
  readonly handle: Server<typeof CompressedWebSocket>;
  readonly #deflate: DeflateClients | undefined;

  /** @param verify decides in the place of `verifyClient` */
  constructor(core: ServerCore, http: UpgradingServer, verify?: VerifyClient) {
    this.#core = core;
    this.#http = http;
    this.#isVerifiedByOthers = verify !== undefined;
    const verifyOurs: VerifyClient = (info, answer) => verifyClient(core, info, answer);
    this.handle = new WebSocketServer(wsOptions(core, verify ?? verifyOurs));
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
    if (!this.#core.accepting) {
      refuse(socket, 503);
      return;
    }
    if (this.#core.isFull) {
      this.#refuseFull(socket);
      return;
    }
    const decided = this.#isDecidedLater ? this.#watch(socket) : undefined;
    this.handle.handleUpgrade(request, socket, head, (ws) => {
      decided?.();
      const deflater = this.#deflate?.take();
      const connection = new Connection(this.#core, ws, socket as Socket, this.#kept(request), deflater);
      ws.connection = connection;
      if (ws instanceof CompressedWebSocket) ws.on("message", onMessage);
      ws.on("close", onClose);
      ws.on("error", onError);
      this.#core.events.connecting?.(connection);
    });
  };

  #refuseFull(socket: Duplex): void {
    const { counters, options } = this.#core;
    counters.full += 1;
    this.#core.warn(
      new ServerProtocolError(
        `Cannot take one more client: there are ${options.maxConnections} (maxConnections, SCC_MAX_CONNECTIONS)`,
      ),
    );
    refuse(socket, 503, RETRY_AFTER);
  }

  #leave(socket: Duplex): void {
    if (this.#http.listenerCount("upgrade") === 1) refuse(socket, 400);
    else {
      const { clock, options } = this.#core;
      leaveToOthers(socket, clock, options.handshakeTimeout, () => refuse(socket, 400));
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
    const { url = "" } = request;
    const query = url.indexOf("?");
    return (query < 0 ? url : url.slice(0, query)) === this.#core.options.path;
  }
}

function wsOptions(core: ServerCore, verify: VerifyClient): WsOptions<typeof CompressedWebSocket> {
  const { wsEngineServerOptions, maxPayload, handleProtocols } = core.options;
  const options: WsOptions<typeof CompressedWebSocket> = { clientTracking: false, maxPayload };
  if (handleProtocols !== undefined) options.handleProtocols = handleProtocols;
  const { server: _, port: __, path: ___, ...given } = wsEngineServerOptions ?? {};
  const compression = compressionOf(core.options);
  return {
    ...options,
    ...given,
    ...(compression !== undefined && { perMessageDeflate: negotiable(compression) }),
    noServer: true,
    verifyClient: verify as NonNullable<WsOptions["verifyClient"]>,
    WebSocket: compression ? CompressedWebSocket : (PlainWebSocket as unknown as typeof CompressedWebSocket),
    // What a client publishes goes to others as it stands: it must be UTF-8, or theirs would be closed.
    skipUTF8Validation: false,
  };
}

/** @param headers lines, each with its line end */
function refuse(socket: Duplex, status: number, headers = ""): void {
  const text = STATUS_CODES[status] ?? "";
  // Whoever is turned away may hang up first; nobody else listens for what the socket says of it by now.
  socket.on("error", () => socket.destroy());
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} ${text}\r\nConnection: close\r\n${headers}Content-Type: text/plain\r\n` +
      `Content-Length: ${text.length}\r\n\r\n${text}`,
  );
}

function onMessage(this: ClientWebSocket, data: RawData, isBinary: boolean): void {
  const { connection } = this;
  if (connection !== undefined) receive(connection, data as Buffer, !isBinary);
}

function onClose(this: ClientWebSocket, code: number, reason: Buffer): void {
  const { connection } = this;
  if (connection === undefined) return;
  connection.end(code, reason.toString());
  connection.core.closing.delete(connection);
}

function onError(this: ClientWebSocket, error: Error): void {
  const { connection } = this;
  if (connection === undefined) return;
  // A connection that is over has been reported on: what its socket says then is no news.
  if (connection.state !== "closed") connection.report(error);
}

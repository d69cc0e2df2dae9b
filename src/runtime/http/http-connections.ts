import { IncomingMessage, type Server, type ServerOptions, ServerResponse } from "node:http";
import type { ServerOptions as TlsServerOptions } from "node:https";
import type { Socket } from "node:net";
import type { ConnectionLimit } from "./connection-limit.ts";

/** How long a client may take from its connection, or the first byte of its next request, to the end of the headers. */
const HEADERS_MS = 10_000;
/** How long a TLS handshake may take. */
const TLS_MS = 10_000;
/** How often it is looked who is late. */
const CHECK_MS = 1_000;
const NO_LIMIT: ConnectionLimit = { webSockets: Infinity, all: Infinity };

export interface HttpConnectionsOptions {
  /** Default: any number. */
  readonly limit?: ConnectionLimit;
  /** How long a whole request may take to come, ms; 0: without end. Default: 5 minutes, as Node.js has it. */
  readonly requestMs?: number;
  /** A connection was cut because there were too many. */
  readonly refused?: () => void;
}

/**
 * The connections of an HTTP server: how many there may be, how long they may be silent, and how they end. The server
 * is made with `serverOptions` and then handed to `watch`.
 *
 * Where one comes too many, the oldest is cut that has not asked for anything yet, else the one that comes: who opens
 * connections and says nothing cannot keep those out who want something.
 */
export class HttpConnections {
  readonly serverOptions: ServerOptions & Pick<TlsServerOptions, "handshakeTimeout">;
  readonly limit: ConnectionLimit;
  /** Connections that were cut because there were too many. */
  refusedCount = 0;
  readonly #refused: () => void;
  readonly #open = new Set<Socket>();
  /** Those that have not asked for anything yet, oldest first. */
  readonly #silent = new Set<Socket>();
  /** TLS: those whose handshake is not done, oldest first, by the address of the other side. */
  readonly #unsecured = new Map<string, Socket>();
  /** What TLS runs over. */
  readonly #below = new WeakMap<Socket, Socket>();
  /** Requests that are not answered yet, by connection: of several that wait on one the first alone hears of its end. */
  readonly #running = new Map<Socket, Set<ServerResponse>>();
  #runningCount = 0;
  /** One for all sockets, so that an idle one holds no closure. */
  readonly #closed = forgetter((socket) => this.#left(socket));
  #server: Server | undefined;
  #isStopping = false;
  #isFinishing = false;
  #idle: (() => void) | undefined;

  constructor({ limit = NO_LIMIT, requestMs = 300_000, refused = () => {} }: HttpConnectionsOptions = {}) {
    this.limit = limit;
    this.#refused = refused;
    this.serverOptions = {
      headersTimeout: HEADERS_MS,
      requestTimeout: requestMs,
      connectionsCheckingInterval: CHECK_MS,
      handshakeTimeout: TLS_MS,
      ...this.#classes(),
    };
  }

  /** Connections that are open now. */
  get count(): number {
    return this.#open.size;
  }

  /** Whether no more WebSockets are taken, where all of them are of one kind. */
  get isFull(): boolean {
    return this.#open.size > this.limit.webSockets;
  }

  /** Looks after a server's connections from now on. To be called before it listens. @returns the server */
  watch<S extends Server>(server: S): S {
    this.#server = server;
    // Before the server's own listener, so that what is cut costs no more.
    server.prependListener("connection", (socket: Socket) => this.#came(socket));
    server.on("secureConnection", (socket: Socket) => {
      const peer = peerOf(socket);
      const below = this.#unsecured.get(peer);
      if (below !== undefined) this.#below.set(socket, below);
      this.#unsecured.delete(peer);
      this.#silent.add(socket);
      socket.on("close", this.#closed);
    });
    return server;
  }

  /** From now on the answer to a request ends its connection, so that nobody sends the next one here. */
  endAfterAnswers(): void {
    this.#isStopping = true;
    for (const responses of this.#running.values()) for (const response of responses) endAfter(response);
  }

  /**
   * Takes no more connections, and waits for the requests that run to be answered.
   *
   * @param patienceMs how long at most
   * @returns how many are still not answered; 0 unless the time was up
   */
  async finish(patienceMs: number): Promise<number> {
    this.endAfterAnswers();
    this.#isFinishing = true;
    this.#server?.close();
    if (this.#runningCount > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, patienceMs);
        this.#idle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#runningCount;
  }

  /** Ends the server and all its connections, whatever they are about. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      const server = this.#server;
      if (server === undefined) return resolve();
      server.close(() => resolve());
      for (const socket of this.#open) socket.destroy();
    });
  }

  /** `finish`, then `close`: for servers whose answers take no time. */
  async end(patienceMs: number): Promise<void> {
    await this.finish(patienceMs);
    await this.close();
  }

  /** What tells of a request when its headers have come: no listener does so for upgrades and all else alike. */
  #classes(): Pick<ServerOptions, "IncomingMessage" | "ServerResponse"> {
    const asks = (socket: Socket): void => void this.#silent.delete(socket);
    const runs = (response: ServerResponse): void => this.#runs(response);
    class Request extends IncomingMessage {
      constructor(socket: Socket) {
        super(socket);
        asks(socket);
      }
    }
    class Response extends ServerResponse {
      constructor(...given: ConstructorParameters<typeof ServerResponse>) {
        super(...given);
        runs(this);
      }
    }
    return { IncomingMessage: Request, ServerResponse: Response as unknown as typeof ServerResponse };
  }

  #came(socket: Socket): void {
    if (this.#open.size >= this.limit.all) this.#cutOne(socket);
    if (socket.destroyed) return;
    this.#open.add(socket);
    socket.on("close", this.#closed);
    // Requests that come over TLS come on a socket of their own: see "secureConnection".
    if (isTls(this.#server)) this.#unsecured.set(peerOf(socket), socket);
    else this.#silent.add(socket);
  }

  #left(socket: Socket): void {
    this.#open.delete(socket);
    this.#silent.delete(socket);
    if (this.#unsecured.size > 0 && this.#unsecured.get(peerOf(socket)) === socket)
      this.#unsecured.delete(peerOf(socket));
    const responses = this.#running.get(socket);
    if (responses !== undefined) for (const response of responses) this.#answered(socket, response);
  }

  #cutOne(newest: Socket): void {
    const [unsecured] = this.#unsecured.values();
    const [silent] = this.#silent;
    const oldest = unsecured ?? silent ?? newest;
    this.#left(oldest);
    this.#open.delete(this.#below.get(oldest) ?? oldest);
    oldest.destroy();
    this.refusedCount += 1;
    this.#refused();
  }

  #runs(response: ServerResponse): void {
    const { socket } = response.req;
    const responses = this.#running.get(socket);
    if (responses === undefined) this.#running.set(socket, new Set([response]));
    else responses.add(response);
    this.#runningCount += 1;
    response.on("close", () => this.#answered(socket, response));
    if (this.#isStopping) endAfter(response);
  }

  #answered(socket: Socket, response: ServerResponse): void {
    const responses = this.#running.get(socket);
    if (!responses?.delete(response)) return;
    if (responses.size === 0) this.#running.delete(socket);
    this.#runningCount -= 1;
    if (!this.#isFinishing) return;
    // Of an answer that had begun before, the connection could not be told that it ends.
    setImmediate(() => this.#server?.closeIdleConnections());
    if (this.#runningCount === 0) this.#idle?.();
  }
}

function forgetter(forget: (socket: Socket) => void): (this: Socket) => void {
  return function (this: Socket): void {
    forget(this);
  };
}

/** Who is at the other end, which a socket and the TLS over it say alike. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function endAfter(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader("connection", "close");
}

function isTls(server: Server | undefined): boolean {
  return server !== undefined && "setSecureContext" in server;
}

import type { Connection } from "../server/connection.ts";
import type { Action, Allowed, MiddlewareLine } from "../server/middleware.ts";
import type { UpgradeRequest } from "../server/upgrade-request.ts";
import { AGAction } from "./action.ts";
import type { AGServerSocket } from "./server-socket.ts";
import { createStream, type WritableStream } from "./streams.ts";

/** A stream of actions, with the line it belongs to. */
export interface MiddlewareStream extends WritableStream<AGAction> {
  type: MiddlewareLine;
}

/** Consumes the actions of one socket (of one upgrade request, for `handshake`) and decides about each. */
export type MiddlewareFunction = (stream: MiddlewareStream) => unknown;

/** Lines of which each socket has a stream. */
export type SocketLine = Exclude<MiddlewareLine, "handshake">;

export function createMiddlewareStream(line: MiddlewareLine): MiddlewareStream {
  return Object.assign(createStream<AGAction>(), { type: line });
}

/**
 * Puts SocketCluster's streams in front of the server's plain functions: an action is written to the stream
 * that the application consumes, and the application's word is the decision. It starts each stream's
 * consumer once, no later than with its first action.
 */
export class MiddlewareStreams {
  readonly #faceOf: (connection: Connection) => AGServerSocket;
  readonly #handshakes = new WeakMap<UpgradeRequest, MiddlewareStream>();

  constructor(faceOf: (connection: Connection) => AGServerSocket) {
    this.#faceOf = faceOf;
  }

  /** Decides by the application's function. */
  decide(line: MiddlewareLine, middleware: MiddlewareFunction, action: Action): Promise<Allowed | undefined> {
    const { connection, ...fields } = { connection: undefined, ...action };
    const socket = connection && this.#faceOf(connection);
    const agAction = new AGAction(action.type, socket === undefined ? fields : { ...fields, socket });
    const stream =
      line === "handshake"
        ? this.#handshakeStream((action as { request: UpgradeRequest }).request, middleware)
        : socket?.middlewareStream(line, middleware);
    stream?.write(agAction);
    return agAction.promise;
  }

  /** The handshake stream of a request, if middleware has one. */
  handshakeOf(request: UpgradeRequest): MiddlewareStream | undefined {
    return this.#handshakes.get(request);
  }

  #handshakeStream(request: UpgradeRequest, middleware: MiddlewareFunction): MiddlewareStream {
    let stream = this.#handshakes.get(request);
    if (stream === undefined) {
      stream = createMiddlewareStream("handshake");
      this.#handshakes.set(request, stream);
      middleware(stream);
    }
    return stream;
  }
}

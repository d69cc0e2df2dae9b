import type { Connection } from "../server/connection.ts";
import type { Action, Allowed, MiddlewareLine, OutboundAction } from "../server/middleware/middleware.ts";
import type { UpgradeRequest } from "../server/websocket/upgrade-request.ts";
import { AGAction } from "./action.ts";
import type { AppTypes } from "./app-types.ts";
import type { AGServerSocket } from "./server-socket.ts";
import { createStream, type WritableStream } from "./streams.ts";

/** The key under which upgrade requests carry their handshake stream, if middleware consumes one. */
export const HANDSHAKE_STREAM = Symbol("handshakeStream");

/** A stream of actions, with the line it belongs to. */
export interface MiddlewareStream<App extends AppTypes = AppTypes> extends WritableStream<AGAction<App>> {
  type: MiddlewareLine;
}

/** Consumes the actions of one socket (of one upgrade request, for `handshake`) and decides about each. */
export type MiddlewareFunction<App extends AppTypes = AppTypes> = (stream: MiddlewareStream<App>) => unknown;

/** Lines of which each socket has a stream. */
export type SocketLine = Exclude<MiddlewareLine, "handshake">;

export function createMiddlewareStream<App extends AppTypes>(line: MiddlewareLine): MiddlewareStream<App> {
  return Object.assign(createStream<AGAction<App>>(), { type: line });
}

/**
 * Puts SocketCluster's streams in front of the server's plain functions: an action is written to the stream
 * that the application consumes, and the application's word is the decision. It starts each stream's
 * consumer once, no later than with its first action.
 */
export class MiddlewareStreams<App extends AppTypes> {
  readonly #faceOf: (connection: Connection) => AGServerSocket<App>;
  readonly #handshakes = new WeakMap<UpgradeRequest, MiddlewareStream<App>>();

  constructor(faceOf: (connection: Connection) => AGServerSocket<App>) {
    this.#faceOf = faceOf;
  }

  /** Decides by the application's function. */
  decide(
    line: MiddlewareLine,
    middleware: MiddlewareFunction<App>,
    action: Action,
  ): Promise<Allowed | undefined> {
    const { connection, ...fields } = { connection: undefined, ...fieldsOf(action) };
    const socket = connection && this.#faceOf(connection);
    const agAction = new AGAction<App>(action.type, socket === undefined ? fields : { ...fields, socket });
    if (action.type === "publishOut") showLazily(agAction, action);
    const stream =
      line === "handshake"
        ? this.#handshakeStream((action as { request: UpgradeRequest }).request, middleware)
        : socket?.middlewareStream(line, middleware);
    stream?.write(agAction);
    return agAction.promise;
  }

  /** The handshake stream of a request, if middleware has one. */
  handshakeOf(request: UpgradeRequest): MiddlewareStream<App> | undefined {
    return this.#handshakes.get(request);
  }

  #handshakeStream(request: UpgradeRequest, middleware: MiddlewareFunction<App>): MiddlewareStream<App> {
    let stream = this.#handshakes.get(request);
    if (stream === undefined) {
      stream = createMiddlewareStream<App>("handshake");
      this.#handshakes.set(request, stream);
      Object.assign(request, { [HANDSHAKE_STREAM]: stream });
      middleware(stream);
    }
    return stream;
  }
}

/** All of it but what is too dear to be looked at for nothing. */
function fieldsOf(action: Action): Action | Pick<OutboundAction, "type" | "connection" | "channel"> {
  if (action.type !== "publishOut") return action;
  const { type, connection, channel } = action;
  return { type, connection, channel };
}

/** Data that are parsed once the application looks at them. What it puts in their place is its own. */
function showLazily(shown: { data?: unknown }, action: OutboundAction): void {
  Object.defineProperty(shown, "data", {
    get: () => action.data,
    set: (value: unknown) => Object.defineProperty(shown, "data", { value, writable: true }),
    enumerable: true,
    configurable: true,
  });
}

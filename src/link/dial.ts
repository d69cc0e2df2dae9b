import type { WebSocket } from "ws";
import { Handshake, type MemberSocket } from "./member-socket.ts";

/** Path that every service listens on for links, talks and upstream's members. */
export const PATH = "/socketcluster/";

export interface DialOptions {
  /** Such as `ws://10.0.0.7:8888`. */
  readonly uri: string;
  readonly protocol: string;
  /** Stands in the URL's query, as upstream's members have it. Never the key. */
  readonly query?: Readonly<Record<string, string>>;
  readonly authKey: string | undefined;
  readonly connectTimeoutMs: number;
  /** Largest frame that is accepted, bytes. */
  readonly maxPayload: number;
  /** Certificates to trust instead of the system's, PEM. */
  readonly ca?: string | undefined;
}

/**
 * Why there is no connection. `refused`: nobody listens there; `auth`: the key is not accepted; `other`: no
 * answer in time, no route, not our protocol.
 */
export interface DialFailure {
  readonly kind: "refused" | "auth" | "other";
  readonly reason: string;
}

export interface DialEvents {
  opened(socket: MemberSocket): void;
  failed(failure: DialFailure): void;
}

/**
 * Opens a WebSocket to another process of the cluster. Exactly one of the events is called, once, unless it
 * is called off before.
 *
 * @returns a function that calls it off
 */
export function dial(options: DialOptions, events: DialEvents): () => void {
  const query = new URLSearchParams(options.query).toString();
  const headers: Record<string, string> =
    options.authKey === undefined ? {} : { authorization: `Bearer ${options.authKey}` };
  let socket: Handshake & WebSocket;
  try {
    socket = open(options, query, headers);
  } catch (error) {
    // The address is none. Told later, as every failure is.
    const timer = setImmediate(() => events.failed({ kind: "other", reason: (error as Error).message }));
    return () => clearImmediate(timer);
  }
  let done = false;
  const fail = (failure: DialFailure): void => {
    if (done) return;
    done = true;
    events.failed(failure);
    socket.terminate();
  };
  socket.on("open", () => {
    if (done) return;
    done = true;
    events.opened(socket.taken("client", options.maxPayload));
  });
  socket.on("unexpected-response", (_request, response) => {
    response.resume();
    const kind = response.statusCode === 401 ? "auth" : "other";
    fail({ kind, reason: `answered ${response.statusCode} ${response.statusMessage}` });
  });
  socket.on("error", (error: NodeJS.ErrnoException) => fail(failureOf(error)));
  return () => {
    if (done) return;
    done = true;
    socket.terminate();
  };
}

function open(
  options: DialOptions,
  query: string,
  headers: Readonly<Record<string, string>>,
): Handshake & WebSocket {
  const { uri, protocol, connectTimeoutMs, ca } = options;
  return new Handshake(`${uri}${PATH}${query && `?${query}`}`, protocol, {
    headers,
    handshakeTimeout: connectTimeoutMs,
    perMessageDeflate: false,
    ...(ca === undefined ? {} : { ca }),
  }) as Handshake & WebSocket;
}

function failureOf(error: NodeJS.ErrnoException): DialFailure {
  const codes = error instanceof AggregateError ? error.errors.map(({ code }) => code) : [error.code];
  const refused = codes.includes("ECONNREFUSED");
  return { kind: refused ? "refused" : "other", reason: error.message || codes.join(", ") };
}

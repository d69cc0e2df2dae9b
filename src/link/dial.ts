import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";
import type { Credentials } from "../runtime/certificates.ts";
import { tlsAdvice } from "../runtime/tls-advice.ts";
import { Handshake, type MemberSocket } from "./member-socket.ts";

/** Path that every service listens on for links, talks and upstream's members. */
export const PATH = "/socketcluster/";
const LONGEST_REASON = 300;

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
  /** What is shown and trusted where TLS is spoken; absent: nothing, and whom the system trusts. */
  readonly credentials?: Credentials;
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
    const { statusCode, statusMessage } = response;
    const kind = statusCode === 401 ? "auth" : "other";
    readText(response, (text) => {
      const reason = `answered ${statusCode} ${statusMessage}`;
      fail({ kind, reason: text === "" ? reason : `${reason}: ${text}` });
    });
  });
  socket.on("error", (error: NodeJS.ErrnoException) => fail(failureOf(error, options.uri)));
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
  const { uri, protocol, connectTimeoutMs, credentials = {} } = options;
  return new Handshake(`${uri}${PATH}${query && `?${query}`}`, protocol, {
    headers,
    handshakeTimeout: connectTimeoutMs,
    perMessageDeflate: false,
    ...Object.fromEntries(Object.entries(credentials).filter(([, pem]) => pem !== undefined)),
  }) as Handshake & WebSocket;
}

function failureOf(error: NodeJS.ErrnoException, uri: string): DialFailure {
  const codes = error instanceof AggregateError ? error.errors.map(({ code }) => code) : [error.code];
  const refused = codes.includes("ECONNREFUSED");
  const advice = tlsAdvice(codes[0], uri.startsWith("wss:"));
  const reason = error.message || codes.join(", ");
  return {
    kind: refused ? "refused" : "other",
    reason: advice === undefined ? reason : `${reason}; ${advice}`,
  };
}

/** Hands over what a refusal says, the beginning of it. */
function readText(response: IncomingMessage, done: (text: string) => void): void {
  let text = "";
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => {
    if (text.length < LONGEST_REASON) text += chunk;
  });
  // A connection that breaks meanwhile has said what it had to say.
  response.on("error", () => {});
  response.on("close", () => done(text.trim().slice(0, LONGEST_REASON)));
}

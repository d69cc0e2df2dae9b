import type { IncomingMessage } from "node:http";
import type { WebSocket } from "ws";
import type { Credentials } from "../runtime/tls/certificates.ts";
import { tlsAdvice } from "../runtime/tls/tls-advice.ts";
import type { DialFailure } from "./dial-failure.ts";
import { Handshake, type MemberSocket } from "./member-socket.ts";
import { NONCE_HEADER, newNonce, nonceIn } from "./proof.ts";
import { BAD_KEY, MAX_PROOF, prove } from "./prove.ts";

/** Path that every service listens on for links, talks and upstream's members. */
export const PATH = "/socketcluster/";
const LONGEST_REASON = 300;

export interface DialOptions {
  /** Such as `ws://10.0.0.7:8888`. */
  readonly uri: string;
  readonly protocol: string;
  /** Stands in the URL's query, as upstream's members have it. Never the key. */
  readonly query?: Readonly<Record<string, string>>;
  /** Both sides prove to each other that they hold it, and neither says it; absent: nobody proves anything. */
  readonly authKey: string | undefined;
  /** Instance id of who is expected there, where that is known. Proofs for it are of no use elsewhere. */
  readonly target?: string;
  /** How long it may take until the connection is open, and again until the key is proved, ms. */
  readonly connectTimeoutMs: number;
  /** Largest frame that is accepted, bytes. */
  readonly maxPayload: number;
  /** What is shown and trusted where TLS is spoken; absent: nothing, and whom the system trusts. */
  readonly credentials?: Credentials;
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
  const nonce = newNonce();
  let socket: Handshake & WebSocket;
  try {
    socket = open(options, nonce);
  } catch (error) {
    // The address is none. Told later, as every failure is.
    const timer = setImmediate(() => events.failed({ kind: "other", reason: (error as Error).message }));
    return () => clearImmediate(timer);
  }
  let done = false;
  let acceptorsNonce: string | undefined;
  let end = (): void => socket.terminate();
  const fail = (failure: DialFailure): void => {
    if (done) return;
    done = true;
    events.failed(failure);
    end();
  };
  socket.on("upgrade", ({ headers }) => {
    acceptorsNonce = nonceIn(headers);
  });
  socket.on("open", () => {
    if (done) return;
    const { authKey, maxPayload } = options;
    const member = socket.taken("client", authKey === undefined ? maxPayload : MAX_PROOF);
    end = () => member.terminate();
    const opened = (): void => {
      if (done) return;
      done = true;
      member.maxPayload = maxPayload;
      events.opened(member);
    };
    if (authKey === undefined) opened();
    else if (acceptorsNonce === undefined) fail(NO_KEY_THERE);
    else proveIn(options, member, { key: authKey, nonce, acceptorsNonce }, { proved: opened, failed: fail });
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
    end();
  };
}

const NO_KEY_THERE: DialFailure = {
  kind: "auth",
  reason: `${BAD_KEY}: who answers asks for no key; give it this process's SCC_AUTH_KEY`,
};

/** See `prove`; it takes no longer than connecting may. */
function proveIn(
  { protocol, target = "", connectTimeoutMs }: DialOptions,
  member: MemberSocket,
  { key, nonce, acceptorsNonce }: { readonly key: string; nonce: string; acceptorsNonce: string },
  { proved, failed }: { proved(): void; failed(failure: DialFailure): void },
): void {
  const late = (): void => failed({ kind: "other", reason: "the key is not proved in time" });
  const timer = setTimeout(late, connectTimeoutMs).unref();
  const exchange = { protocol, target, diallersNonce: nonce, acceptorsNonce };
  prove(member, key, exchange, {
    proved: () => {
      clearTimeout(timer);
      proved();
    },
    failed: (failure) => {
      clearTimeout(timer);
      failed(failure);
    },
  });
}

function open(options: DialOptions, nonce: string): Handshake & WebSocket {
  const { uri, protocol, authKey, connectTimeoutMs, credentials = {} } = options;
  const query = new URLSearchParams(options.query).toString();
  return new Handshake(`${uri}${PATH}${query && `?${query}`}`, protocol, {
    headers: authKey === undefined ? {} : { [NONCE_HEADER]: nonce },
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

import type { IncomingMessage } from "node:http";
import { MAX_BATCH, type ProtocolVersion } from "../protocol/decode.ts";
import { isPublishLevel, type PublishLevel } from "../pubsub/broker.ts";
import { type Origins, originProblems } from "./auth/origin.ts";
import { deflateProblems } from "./websocket/compression/deflate-clients.ts";

export type PerMessageDeflate = boolean | Readonly<Record<string, unknown>>;

/** Another way than JSON to write packets. Its `decode` must take what clients' `encode` makes. */
export interface CodecEngine {
  decode(message: unknown): unknown;
  encode(packet: unknown): string | Uint8Array;
}

/** What a server of clients can be told. Times are in ms. */
export interface ServerOptions {
  /** The WebSocket path, compared as it stands: the slash at the end counts. */
  readonly path: string;
  /** Hosts whose pages may connect, as `host:port`, `host:*`, `*:port`; `*:*` for all. One text, or several. */
  readonly origins: Origins;
  readonly protocolVersion: ProtocolVersion;
  /** How long a client may take to answer a call. */
  readonly ackTimeout: number;
  /** How long a client may take from its connection to its `#handshake`. */
  readonly handshakeTimeout: number;
  /** Whether a client that says anything before its handshake is closed (4009). */
  readonly strictHandshake: boolean;
  readonly pingInterval: number;
  /** Silence after which a client counts as gone. */
  readonly pingTimeout: number;
  /** Neither pings nor timeouts. */
  readonly pingTimeoutDisabled: boolean;
  readonly allowClientPublish: boolean;
  /** When a publish is acknowledged that is given no level of its own; `undefined`: as the broker has it. */
  readonly publishLevel: PublishLevel | undefined;
  /** Channels one connection may hold; `undefined` for no limit. */
  readonly socketChannelLimit: number | undefined;
  /** Channels that one client may begin with in a minute, by subscribing or publishing, where nobody here uses them; 0 for no limit. */
  readonly newChannelsPerMinute: number;
  /** Largest message a client may send, in bytes. */
  readonly maxPayload: number;
  readonly perMessageDeflate: PerMessageDeflate | undefined;
  readonly handleProtocols:
    | ((protocols: Set<string>, request: IncomingMessage) => string | false)
    | undefined;
  /** Options of `ws` besides those above. */
  readonly wsEngineServerOptions: Readonly<Record<string, unknown>> | undefined;
  /** Unsent bytes from which on a connection is a slow consumer; more than the largest message should be. */
  readonly maxBufferedBytes: number;
  /**
   * Bytes that may wait for all clients together; beyond it those for whom most waits are closed. `undefined` for
   * half of the memory that the process may use besides V8's heap, at least an eighth of all.
   */
  readonly maxTotalBufferedBytes: number | undefined;
  /** What becomes of a slow consumer: it is closed (4100), or misses the oldest publications it has not taken. */
  readonly slowConsumerPolicy: "close" | "dropOldest";
  /**
   * Messages of one connection that may wait for middleware, and calls, transmissions and events that may wait for the
   * application to consume them, before its socket is no longer read.
   */
  readonly maxQueuedPackets: number;
  /** Packets that one message may hold. */
  readonly maxBatchSize: number;
  /** Calls to one client that may wait for its answer. */
  readonly maxPendingCalls: number;
  /** Clients at a time; more are answered 503. `undefined` for no limit. */
  readonly maxConnections: number | undefined;
  readonly batchOnHandshake: boolean;
  readonly batchOnHandshakeDuration: number;
  readonly batchInterval: number;
  /** Whether what middleware blocks is reported as an error of the connection. */
  readonly middlewareEmitFailures: boolean;
  readonly codecEngine: CodecEngine | undefined;
  /** Whether what is transmitted is copied where it waits: for a batch, or behind middleware. */
  readonly cloneData: boolean;
}

/** The defaults of `socketcluster-server` 20; those of the limits that are ours say so. */
export const DEFAULT_OPTIONS: ServerOptions = {
  path: "/socketcluster/",
  origins: "*:*",
  protocolVersion: 2,
  ackTimeout: 10_000,
  handshakeTimeout: 10_000,
  strictHandshake: true,
  pingInterval: 8_000,
  pingTimeout: 30_000,
  pingTimeoutDisabled: false,
  allowClientPublish: true,
  publishLevel: undefined,
  socketChannelLimit: undefined,
  newChannelsPerMinute: 6_000, // ours; upstream has no such limit
  maxPayload: 1024 * 1024, // ours; upstream takes what `ws` does, 100 MiB
  perMessageDeflate: undefined,
  handleProtocols: undefined,
  wsEngineServerOptions: undefined,
  maxBufferedBytes: 8 * 1024 * 1024, // ours; upstream buffers without bound
  maxTotalBufferedBytes: undefined, // ours, too
  slowConsumerPolicy: "close",
  maxQueuedPackets: 1_000, // ours; upstream queues without bound
  maxBatchSize: MAX_BATCH, // ours; upstream takes any number
  maxPendingCalls: 10_000, // ours; upstream remembers calls without bound
  maxConnections: undefined,
  batchOnHandshake: false,
  batchOnHandshakeDuration: 400,
  batchInterval: 50,
  middlewareEmitFailures: true,
  codecEngine: undefined,
  cloneData: false,
};

/** The options with defaults where the given ones have nothing (`undefined` or `null`). */
export function resolveOptions(given: { readonly [K in keyof ServerOptions]?: unknown } = {}): ServerOptions {
  const options: Record<string, unknown> = { ...DEFAULT_OPTIONS };
  for (const key of Object.keys(DEFAULT_OPTIONS) as (keyof ServerOptions)[]) {
    if (given[key] !== undefined && given[key] !== null) options[key] = given[key];
  }
  return Object.freeze(options) as unknown as ServerOptions;
}

/** Given options: those of the server, and those of its parts that can be wrong. */
type Given = { readonly [K in keyof ServerOptions | "authTokenCacheSize"]?: unknown };

/** The smallest value of each number; all may be larger without end. */
const LEAST: { readonly [K in keyof Given]?: number } = {
  ackTimeout: 0,
  handshakeTimeout: 1,
  pingInterval: 10,
  pingTimeout: 10,
  socketChannelLimit: 0,
  newChannelsPerMinute: 0,
  maxPayload: 0,
  maxBufferedBytes: 1024,
  maxTotalBufferedBytes: 1024,
  maxQueuedPackets: 1,
  maxBatchSize: 1,
  maxPendingCalls: 1,
  maxConnections: 1,
  batchOnHandshakeDuration: 0,
  batchInterval: 1,
  authTokenCacheSize: 0,
};

/** What is wrong with given options, one sentence each; what is absent (`undefined` or `null`) is not. */
export function problemsOf(given: Given): string[] {
  const problems: string[] = [];
  const check = (key: keyof Given, isRight: (value: unknown) => boolean, expected: string): void => {
    const value = given[key];
    if (value === undefined || value === null || isRight(value)) return;
    problems.push(`${key}: expected ${expected}, got ${JSON.stringify(value)}`);
  };
  for (const [key, least] of Object.entries(LEAST) as [keyof Given, number][]) {
    check(key, (value) => typeof value === "number" && value >= least, `a number from ${least} on`);
  }
  for (const [key, value] of Object.entries(DEFAULT_OPTIONS) as [keyof ServerOptions, unknown][]) {
    if (typeof value === "boolean") check(key, (given) => typeof given === "boolean", "true or false");
  }
  check("path", (value) => typeof value === "string", "a text");
  if (given.origins != null) problems.push(...originProblems(given.origins));
  check("protocolVersion", (value) => value === 1 || value === 2, "1 or 2");
  check("publishLevel", isPublishLevel, '"worker" or "replica"');
  check(
    "slowConsumerPolicy",
    (value) => value === "close" || value === "dropOldest",
    '"close" or "dropOldest"',
  );
  problems.push(...deflateProblems(given as Partial<ServerOptions>));
  return problems;
}

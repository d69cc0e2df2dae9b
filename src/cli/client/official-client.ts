import formatter from "sc-formatter";
import socketClusterClient from "socketcluster-client";
import type { Target } from "./flags.ts";

/** The part of the official client that the commands use. */
export interface OfficialClient {
  connect(): void;
  disconnect(): void;
  invoke(procedure: "#subscribe", data: { readonly channel: string }): Promise<unknown>;
  invokePublish(channel: string, data: unknown): Promise<unknown>;
  listener(event: "connect"): AsyncIterable<{ readonly authError?: Error | null }>;
  listener(event: "connectAbort" | "disconnect"): AsyncIterable<Closed>;
}

/** How a connection ended. */
export interface Closed {
  readonly code: number;
  readonly reason?: string;
}

/** What the server says of channels. */
export interface ChannelEvents {
  published(channel: string, data: unknown): void;
  kickedOut(channel: string, message: string | undefined): void;
}

/** Longer than servers take to reject by themselves, so that their named errors are seen, ms. */
const ACK_WITHIN_MS = 15_000;
const CONNECT_WITHIN_MS = 10_000;
const RECONNECT = { initialDelay: 500, randomness: 500, multiplier: 1.5, maxDelay: 10_000 };

/**
 * The official client, unmodified, that does not connect until it is told to.
 *
 * What the server says of channels is taken out where packets are decoded: the client itself keeps channels in plain
 * objects, where `__proto__` and `constructor` are no names.
 */
export function officialClient(target: Target, isLasting: boolean, events: ChannelEvents): OfficialClient {
  const url = new URL(target.url);
  const secure = url.protocol === "wss:";
  return socketClusterClient.create({
    hostname: url.hostname,
    port: Number(url.port) || (secure ? 443 : 80),
    path: url.pathname,
    query: url.search.slice(1),
    secure,
    autoConnect: false,
    autoReconnect: isLasting,
    autoReconnectOptions: RECONNECT,
    ackTimeout: ACK_WITHIN_MS,
    connectTimeout: CONNECT_WITHIN_MS,
    authEngine: new OneToken(target.token),
    codecEngine: {
      encode: (packet: unknown) => formatter.encode(packet),
      decode: (text: unknown) => withoutChannelEvents(formatter.decode(text), events),
    },
    wsOptions: target.ca === undefined ? {} : { ca: target.ca },
  }) as OfficialClient;
}

interface Packet {
  readonly event?: unknown;
  readonly data?: unknown;
}

function withoutChannelEvents(decoded: unknown, events: ChannelEvents): unknown {
  if (Array.isArray(decoded)) return decoded.filter((packet) => !isOfChannel(packet, events));
  return isOfChannel(decoded, events) ? null : decoded;
}

/** Whether it was about a channel, and has been told. */
function isOfChannel(packet: unknown, events: ChannelEvents): boolean {
  if (typeof packet !== "object" || packet === null) return false;
  const { event, data } = packet as Packet;
  if (event !== "#publish" && event !== "#kickOut") return false;
  const { channel, data: published, message } = (data ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof channel !== "string") return true;
  if (event === "#publish") events.published(channel, published);
  else events.kickedOut(channel, typeof message === "string" ? message : undefined);
  return true;
}

/** Shows the one token there is, and keeps what the server gives instead for the next connection. */
class OneToken {
  #token: string | undefined;

  constructor(token: string | undefined) {
    this.#token = token;
  }

  async loadToken(_name: string): Promise<string | null> {
    return this.#token ?? null;
  }

  async saveToken(_name: string, token: string): Promise<string> {
    this.#token = token;
    return token;
  }

  async removeToken(_name: string): Promise<string | null> {
    const token = this.#token ?? null;
    this.#token = undefined;
    return token;
  }
}

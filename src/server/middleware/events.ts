import type { Connection } from "../connection.ts";
import type { Message } from "../inbound/inbound.ts";
import type { CallRequest } from "./request.ts";

/** What a handshake came to. */
export interface ConnectStatus {
  readonly id: string;
  readonly pingTimeout: number;
  readonly isAuthenticated: boolean;
  readonly authError?: unknown;
}

export interface CloseEvent {
  readonly code: number;
  readonly reason: string | undefined;
  /** Whether the handshake had been done: else the connection was aborted. */
  readonly wasOpen: boolean;
}

export type AuthenticationState = "authenticated" | "unauthenticated";

/**
 * What a server tells about its connections: whoever sets it is called synchronously, in the order things
 * happen, and must not throw. Nothing here is called per message.
 */
export interface ServerEvents {
  /** A WebSocket is open; its handshake is still to come. */
  connecting?(connection: Connection): void;
  connected?(connection: Connection, status: ConnectStatus): void;
  /** The connection has ended; its subscriptions end next. */
  closed?(connection: Connection, event: CloseEvent): void;
  /** The last that is heard of a connection. */
  ended?(connection: Connection): void;
  subscribed?(connection: Connection, channel: string, options: Readonly<Record<string, unknown>>): void;
  unsubscribed?(connection: Connection, channel: string): void;
  /** A token was accepted; `before` is the state until then. */
  authenticated?(connection: Connection, before: AuthenticationState): void;
  deauthenticated?(connection: Connection, before: AuthenticationState, oldToken: unknown): void;
  tokenSigned?(connection: Connection, signedAuthToken: string): void;
  badToken?(connection: Connection, error: unknown, signedAuthToken: unknown): void;
  /** Something about one connection went wrong. */
  error?(connection: Connection, error: unknown): void;
  /** Something about the server went wrong, but it goes on. */
  warning?(error: unknown): void;
}

/**
 * Told about the messages of one connection. Connections have none until somebody wants to know, so that
 * messages nobody listens to cost nothing here.
 */
export interface ConnectionObserver {
  message(message: Message): void;
  raw(message: Message): void;
  /** Whether anybody wants transmissions of this name, for those whose data must be parsed first. */
  receives(event: string): boolean;
  transmitted(event: string, data: unknown): void;
  /** Whether anybody wants calls of this name. */
  answers(procedure: string): boolean;
  invoked(request: CallRequest): void;
}

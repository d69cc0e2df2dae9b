import { dial } from "../../link/dial.ts";
import { LINK_PROTOCOL } from "../../link/entries.ts";
import { Link } from "../../link/link.ts";
import { TALK_PROTOCOL, Talk } from "../../link/talk.ts";
import type { Clock } from "../../runtime/clock.ts";
import { RELEASE } from "../../runtime/release.ts";
import type { Credentials } from "../../runtime/tls/certificates.ts";
import type { Turn } from "../../runtime/turn.ts";
import type { DialTalk } from "../registration/state-link.ts";
import { hostInUri } from "./address.ts";
import type { DialLink } from "./owner-link.ts";

/** A single message may be as large as WebSocket servers accept by default: 100 MiB, and something around it. */
export const MAX_LINK_FRAME = 128 * 2 ** 20;
/** Largest message of a talk, bytes: a ring of 10,000 brokers fits. */
export const MAX_TALK_FRAME = 4 * 2 ** 20;
/** Unsent bytes past which a link is closed and resumed. */
export const MAX_LINK_BUFFER = 512 * 2 ** 20;

export interface TransportOptions {
  readonly clock: Clock;
  readonly turn: Turn;
  readonly authKey: string | undefined;
  /** What is shown and trusted where TLS is spoken, as it is when somebody is dialled. */
  readonly certificates: { readonly current: Credentials };
}

/** Options of the links that a process makes or accepts. */
export function linkOptions({ clock, turn }: Pick<TransportOptions, "clock" | "turn">) {
  return { clock, turn, maxBufferedBytes: MAX_LINK_BUFFER };
}

/** Links over WebSockets. */
export function linkDialer(options: TransportOptions, connectTimeoutMs: number): DialLink {
  return (uri, events, target) =>
    dial(
      {
        uri,
        target,
        protocol: LINK_PROTOCOL,
        authKey: options.authKey,
        connectTimeoutMs,
        maxPayload: MAX_LINK_FRAME,
        credentials: options.certificates.current,
      },
      { ...events, opened: (socket) => events.opened(new Link(socket, linkOptions(options))) },
    );
}

export interface StateAddress {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly connectTimeoutMs: number;
  readonly instanceType: "scc-broker" | "scc-worker";
  readonly instancePort: number;
}

/** Talks with scc-state over WebSockets. */
export function talkDialer(options: TransportOptions, address: StateAddress): DialTalk {
  const { host, port, secure, instanceType, instancePort, connectTimeoutMs } = address;
  return (events) =>
    dial(
      {
        uri: `${secure ? "wss" : "ws"}://${hostInUri(host)}:${port}`,
        protocol: TALK_PROTOCOL,
        query: { instanceType, instancePort: String(instancePort), version: RELEASE },
        authKey: options.authKey,
        connectTimeoutMs,
        maxPayload: MAX_TALK_FRAME,
        credentials: options.certificates.current,
      },
      { ...events, opened: (socket) => events.opened(new Talk(socket, options.clock)) },
    );
}

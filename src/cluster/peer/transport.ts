import { dial } from "../../link/dial.ts";
import { LINK_PROTOCOL } from "../../link/entries.ts";
import { Link } from "../../link/link.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Credentials } from "../../runtime/tls/certificates.ts";
import type { Turn } from "../../runtime/turn.ts";
import type { DialLink } from "./owner-link.ts";

/** A single message may be as large as WebSocket servers accept by default: 100 MiB, and something around it. */
export const MAX_LINK_FRAME = 128 * 2 ** 20;
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

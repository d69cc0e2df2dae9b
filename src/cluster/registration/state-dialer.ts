import { dial } from "../../link/dial.ts";
import { TALK_PROTOCOL, Talk } from "../../link/talk.ts";
import { RELEASE } from "../../runtime/release.ts";
import { hostInUri } from "../peer/address.ts";
import type { TransportOptions } from "../peer/transport.ts";
import type { DialTalk } from "./state-link.ts";

/** Largest message of a talk, bytes: a ring of 10,000 brokers fits. */
export const MAX_TALK_FRAME = 4 * 2 ** 20;

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

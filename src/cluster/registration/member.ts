import type { Config } from "../../runtime/config/config.ts";
import type { Logger } from "../../runtime/log.ts";
import { onAuthRefused } from "../exit-on-auth-error.ts";
import type { TransportOptions } from "../peer/transport.ts";
import type { CurrentRing } from "../ring/current-ring.ts";
import type { commonSettings, memberSettings } from "../settings.ts";
import { talkDialer } from "./state-dialer.ts";
import { StateLink } from "./state-link.ts";

/** The part of a member's configuration that says how it registers. */
export type MemberConfig = Config<typeof memberSettings & typeof commonSettings> & {
  readonly port: number;
  readonly stateServerHost: string;
};

export interface MemberParts {
  readonly ring: CurrentRing;
  readonly log: Logger;
  readonly transport: TransportOptions;
  readonly instanceType: "scc-broker" | "scc-worker";
  /** Whether others reach this member by TLS. */
  readonly secure: boolean;
  /** Longest pause before scc-state is dialled again, ms. */
  readonly retryDelay: number;
  /** Who this member is now. */
  readonly instanceId: () => string;
}

/** A member's talk with scc-state, as its configuration says. It is not started yet. */
export function createStateLink(config: MemberConfig, parts: MemberParts): StateLink {
  const { ring, log, transport, instanceType, secure, retryDelay, instanceId } = parts;
  const dial = talkDialer(transport, {
    host: config.stateServerHost,
    port: config.stateServerPort,
    secure: config.stateServerSecure,
    connectTimeoutMs: config.stateServerConnectTimeout,
    instanceType,
    instancePort: config.instancePort ?? config.port,
  });
  const { instanceIp, instanceIpFamily } = config;
  return new StateLink({
    dial,
    ring,
    clock: transport.clock,
    random: Math.random,
    log,
    identity: () => ({ instanceId: instanceId(), instanceIp, instanceIpFamily, instanceSecure: secure }),
    retryDelay,
    ackTimeout: config.stateServerAckTimeout,
    authFailed: onAuthRefused(log, config.exitOnAuthError),
  });
}

import type { PublishLevel } from "../pubsub/broker.ts";
import {
  configFileSetting,
  headerText,
  integer,
  logLevel,
  milliseconds,
  oneOf,
  port,
  type Settings,
  text,
  toggle,
} from "../runtime/config/config.ts";
import { memoryLimits } from "../runtime/memory.ts";
import { boundsFor } from "./memory-shares.ts";

/** How long two members that have to copy to each other may be unable to, ms. */
export const SUSPECT_MS = 3000;

/** Settings that every process of a cluster has. Names and meanings are upstream's where it has them. */
export const commonSettings = {
  host: {
    env: "SCC_HOST",
    ...text("an IP address or host name"),
    fallback: undefined as string | undefined,
    doc: "address to listen on; absent: all, IPv4 and IPv6",
  },
  authKey: {
    env: "SCC_AUTH_KEY",
    ...headerText(),
    fallback: undefined as string | undefined,
    secret: true,
    doc: "key that members of the cluster prove to each other that they hold; absent: none is asked for",
  },
  authKeySecondary: {
    env: "SCC_AUTH_KEY_SECONDARY",
    ...headerText(),
    fallback: undefined as string | undefined,
    secret: true,
    doc: "a second key that is accepted, and is not what this process proves to others, so that the key can be changed in two rolls",
  },
  insecure: {
    env: "SCC_INSECURE",
    ...toggle(),
    fallback: false,
    doc: "it is meant that whoever reaches scc-state or a broker is a member: no warning that there is no SCC_AUTH_KEY",
  },
  tlsCertFile: {
    env: "SCC_TLS_CERT_FILE",
    ...text("a file"),
    fallback: undefined as string | undefined,
    doc: "certificate of this process, PEM: shown where the service is SECURE, and to services that ask for one; read again when it changes",
  },
  tlsKeyFile: {
    env: "SCC_TLS_KEY_FILE",
    ...text("a file"),
    fallback: undefined as string | undefined,
    doc: "private key of this process, PEM",
  },
  tlsCaFile: {
    env: "SCC_TLS_CA_FILE",
    ...text("a file"),
    fallback: undefined as string | undefined,
    doc: "certificates to trust when connecting to other processes, PEM; absent: the system's",
  },
  stateServerSecure: {
    env: "SCC_STATE_SERVER_SECURE",
    ...toggle(),
    fallback: false,
    doc: "scc-state speaks TLS",
  },
  metricsPort: {
    env: "SCC_METRICS_PORT",
    ...integer(0, 65_535),
    fallback: undefined as number | undefined,
    doc: "port of /metrics; 0 turns it off; absent: the service's port + 1000",
  },
  maxConnections: {
    env: "SCC_MAX_CONNECTIONS",
    ...integer(1, 10_000_000),
    fallback: undefined as number | undefined,
    doc: "WebSockets that this process takes at a time, more are answered 503; plain requests have some room besides; absent: what its open files and half its heap allow",
  },
  lameDuckMs: {
    env: "SCC_LAME_DUCK_MS",
    ...milliseconds(),
    fallback: 0,
    doc: "how long after SIGTERM everything is served as before while /readyz says 503, so that load balancers notice first, ms; comes before SCC_DRAIN_MS",
  },
  ...configFileSetting,
} satisfies Settings;

/** Of services that members connect to: whether they have to show a certificate. */
export const clientAuthSetting = {
  env: "SCC_TLS_CLIENT_AUTH",
  ...toggle(),
  fallback: false,
  doc: "members must show a certificate that SCC_TLS_CA_FILE has signed (mTLS); probes need none",
};

/** Settings of the processes that join a cluster, scc-worker and scc-broker. */
export const memberSettings = {
  stateServerPort: {
    env: "SCC_STATE_SERVER_PORT",
    ...port(),
    fallback: 7777,
    doc: "port of scc-state",
  },
  stateServerConnectTimeout: {
    env: "SCC_STATE_SERVER_CONNECT_TIMEOUT",
    ...milliseconds(1),
    fallback: 3000,
    doc: "how long connecting to scc-state may take, ms",
  },
  stateServerAckTimeout: {
    env: "SCC_STATE_SERVER_ACK_TIMEOUT",
    ...milliseconds(1),
    fallback: 2000,
    doc: "how long scc-state may take to answer a registration, ms",
  },
  instanceIp: {
    env: "SCC_INSTANCE_IP",
    ...text("an IP address or host name"),
    fallback: undefined as string | undefined,
    doc: "address to announce to the cluster; absent: the one scc-state sees",
  },
  instanceIpFamily: {
    env: "SCC_INSTANCE_IP_FAMILY",
    ...oneOf("IPv4", "IPv6"),
    fallback: undefined as "IPv4" | "IPv6" | undefined,
    doc: "family of the announced address; absent: told from the address",
  },
  instancePort: {
    env: "SCC_INSTANCE_PORT",
    ...port(),
    fallback: undefined as number | undefined,
    doc: "port to announce where it differs from the one listened on (a proxy, NAT, a container port)",
  },
  exitOnAuthError: {
    env: "SCC_EXIT_ON_AUTH_ERROR",
    ...toggle(),
    fallback: false,
    doc: "exit instead of trying again when scc-state refuses the key",
  },
  drainMs: {
    env: "SCC_DRAIN_MS",
    ...milliseconds(),
    fallback: 25_000,
    doc: "grace period after SIGTERM, ms",
  },
} satisfies Settings;

/** Settings of a worker in a cluster, besides those of every member. */
export const workerMemberSettings = {
  reconnectRandomness: {
    env: "SCC_STATE_SERVER_RECONNECT_RANDOMNESS",
    ...milliseconds(),
    fallback: 1000,
    doc: "added at random to the pause before scc-state is dialled again, ms",
  },
  brokerRetryDelay: {
    env: "SCC_BROKER_RETRY_DELAY",
    ...milliseconds(1),
    fallback: 2000,
    doc: "longest pause before scc-state or a broker is dialled again, ms",
  },
  brokerConnectTimeout: {
    env: "SCC_BROKER_SERVER_CONNECT_TIMEOUT",
    ...milliseconds(1),
    fallback: 3000,
    doc: "how long connecting to a broker may take, ms",
  },
  publishLevel: {
    env: "SCC_PUBLISH_LEVEL",
    ...oneOf("worker", "replica"),
    fallback: "replica" as PublishLevel,
    doc: "when a publish is acknowledged: taken by this worker, or held by the channel's brokers; the server's option publishLevel and each call can say otherwise",
  },
  publishLimit: {
    env: "SCC_PUBLISH_LIMIT",
    ...integer(100, 30_000),
    fallback: 10_000,
    doc: "how long an unconfirmed publish is sent again before it is rejected, ms",
  },
  canaryLimit: {
    env: "SCC_CANARY_LIMIT",
    ...milliseconds(1500),
    fallback: 3000,
    doc: "how long a canary, sent through each broker and back every second, may be unanswered before this worker is not ready, ms",
  },
  unconfirmedBytes: {
    env: "SCC_UNCONFIRMED_BYTES",
    ...integer(1, 2 ** 40),
    fallback: Math.min(64 * 2 ** 20, boundsFor(memoryLimits().heap).unconfirmed),
    fallbackText: "by memory: an eighth of V8's heap; at most 67108864",
    doc: "bytes of published messages that may be unconfirmed, shared evenly by the brokers: clients that publish to one whose share is full are not read; at twice the share publishes are rejected",
  },
} satisfies Settings;

/** A log level setting; the variable differs by process. */
export function logLevelSetting<const E extends string>(env: E) {
  return { env, ...logLevel(), fallback: 3, doc: "0 nothing, 1 errors, 2 and warnings, 3 everything" };
}

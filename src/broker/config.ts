import { boundsFor } from "../cluster/memory-shares.ts";
import { MAX_LINK_BUFFER } from "../cluster/peer/transport.ts";
import { clientAuthSetting, commonSettings, logLevelSetting, memberSettings } from "../cluster/settings.ts";
import type { TailBounds } from "../pubsub/tails.ts";
import {
  type Config,
  integer,
  jsonObject,
  milliseconds,
  port,
  type Settings,
  text,
  toggle,
} from "../runtime/config/config.ts";
import { memoryLimits } from "../runtime/memory.ts";

/** What fits the memory that this process may use. */
const BOUNDS = boundsFor(memoryLimits().heap);

export const brokerSettings = {
  port: { env: "SCC_BROKER_SERVER_PORT", ...port(), fallback: 8888, doc: "port to listen on" },
  stateServerHost: {
    env: "SCC_STATE_SERVER_HOST",
    ...text("a host name or IP address"),
    doc: "host of scc-state",
  },
  ...commonSettings,
  ...memberSettings,
  secure: {
    env: "SCC_BROKER_SERVER_SECURE",
    ...toggle(),
    fallback: false,
    doc: "this broker speaks TLS, and says so to the cluster",
  },
  clientAuth: clientAuthSetting,
  maxChannels: {
    env: "SCC_BROKER_MAX_CHANNELS",
    ...integer(1, 100_000_000),
    fallback: BOUNDS.channels,
    fallbackText: "by memory: 0.4 of V8's heap, 1000 bytes each; at most 300000",
    doc: "channels this broker holds at a time, its own and copies for others; a subscription to or a publish on one more is refused",
  },
  connectTimeout: {
    env: "SCC_BROKER_SERVER_CONNECT_TIMEOUT",
    ...milliseconds(1),
    fallback: 3000,
    doc: "how long connecting to another broker may take, ms",
  },
  ackTimeout: {
    env: "SCC_BROKER_SERVER_ACK_TIMEOUT",
    ...milliseconds(1),
    fallback: undefined as number | undefined,
    doc: "accepted, without effect: links tell by themselves when the other side is silent",
  },
  retryDelay: {
    env: "SCC_BROKER_SERVER_RETRY_DELAY",
    ...milliseconds(1),
    fallback: 2000,
    doc: "longest pause before scc-state or another broker is dialled again, ms",
  },
  options: {
    env: "SOCKETCLUSTER_OPTIONS",
    ...jsonObject(),
    fallback: {} as Readonly<Record<string, unknown>>,
    doc: "maxPayload: bytes of the largest message of one of upstream's workers (1048576); the rest has no effect: what scc-broker can be told has variables of its own",
  },
  tailCount: {
    env: "SCC_BROKER_TAIL_COUNT",
    ...integer(1, 1_000_000),
    fallback: 10_000,
    doc: "newest messages kept per channel",
  },
  tailBytes: {
    env: "SCC_BROKER_TAIL_BYTES",
    // A log goes over a link as a whole, beside all else that waits there.
    ...integer(1, MAX_LINK_BUFFER / 2),
    fallback: 8 * 2 ** 20,
    doc: "bytes of newest messages kept per channel",
  },
  tailAge: {
    env: "SCC_BROKER_TAIL_AGE",
    ...milliseconds(1000),
    fallback: 60_000,
    doc: "how long a message is kept, ms",
  },
  tailTotalBytes: {
    env: "SCC_BROKER_TAIL_TOTAL_BYTES",
    ...integer(1, 2 ** 40),
    fallback: BOUNDS.tails,
    fallbackText: "by memory: a quarter of V8's heap; at most 268435456",
    doc: "bytes of newest messages kept over all channels, 200 for each message included",
  },
  unconfirmedBytes: {
    env: "SCC_BROKER_UNCONFIRMED_BYTES",
    ...integer(1, 2 ** 40),
    fallback: BOUNDS.unconfirmed,
    fallbackText: "by memory: an eighth of V8's heap; at most 268435456",
    doc: "bytes of messages that are not held twice yet, shared evenly by the linked workers: clients of a worker whose share is full are not read",
  },
  logLevel: logLevelSetting("SCC_BROKER_SERVER_LOG_LEVEL"),
} satisfies Settings;

export type BrokerConfig = Config<typeof brokerSettings>;

/** Bytes of requests that may wait for a change of the ring, about. */
export const WAITING_BYTES = BOUNDS.waiting;

/** How much of the newest messages is kept, as configured. */
export function tailBounds(config: BrokerConfig): TailBounds {
  const { tailCount, tailBytes, tailAge, tailTotalBytes } = config;
  return { count: tailCount, bytes: tailBytes, age: tailAge, totalBytes: tailTotalBytes };
}

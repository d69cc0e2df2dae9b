import { commonSettings, logLevelSetting, memberSettings } from "../cluster/settings.ts";
import {
  type Config,
  integer,
  jsonObject,
  milliseconds,
  oneOf,
  port,
  type Settings,
  text,
} from "../runtime/config.ts";

export const workerSettings = {
  port: { env: "SOCKETCLUSTER_PORT", ...port(), fallback: 8000, doc: "port for clients" },
  stateServerHost: {
    env: "SCC_STATE_SERVER_HOST",
    ...text("a host name or IP address"),
    fallback: undefined as string | undefined,
    doc: "host of scc-state; absent: the worker stands alone",
  },
  ...commonSettings,
  ...memberSettings,
  channelLimit: {
    env: "SOCKETCLUSTER_SOCKET_CHANNEL_LIMIT",
    ...integer(1, 1_000_000_000),
    fallback: 1000,
    doc: "channels one client may be subscribed to",
  },
  options: {
    env: "SOCKETCLUSTER_OPTIONS",
    ...jsonObject(),
    fallback: {} as Readonly<Record<string, unknown>>,
    doc: "options for the server (those of attach()), a JSON object",
  },
  mappingEngine: {
    env: "SCC_MAPPING_ENGINE",
    ...oneOf("skeletonRendezvous", "simple"),
    fallback: "skeletonRendezvous" as "skeletonRendezvous" | "simple",
    doc: "accepted, without effect: scc-state is told, and decides for all",
  },
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
    fallback: "replica" as "worker" | "replica",
    doc: "when a publish is acknowledged: taken by this worker, or held by the channel's brokers",
  },
  publishLimit: {
    env: "SCC_PUBLISH_LIMIT",
    ...milliseconds(100),
    fallback: 10_000,
    doc: "how long an unconfirmed publish is sent again before it is rejected, ms",
  },
  unconfirmedBytes: {
    env: "SCC_UNCONFIRMED_BYTES",
    ...integer(1, 2 ** 40),
    fallback: 64 * 2 ** 20,
    doc: "bytes of published messages that may wait for confirmation, over all channels",
  },
  drainRate: {
    env: "SCC_DRAIN_RATE",
    ...integer(1, 1_000_000),
    fallback: 500,
    doc: "clients per second told to reconnect elsewhere after SIGTERM",
  },
  environment: {
    env: "ENV",
    ...text(),
    fallback: "dev",
    doc: "name of the environment; in prod the demo page is not served",
  },
  clientPoolSize: {
    env: "SCC_CLIENT_POOL_SIZE",
    ...text(),
    fallback: undefined as string | undefined,
    doc: "accepted, without effect: there is one link per pair of processes",
  },
  pubSubBatchDuration: {
    env: "SCC_PUB_SUB_BATCH_DURATION",
    ...text(),
    fallback: undefined as string | undefined,
    doc: "accepted, without effect: links gather what one turn of the event loop brings",
  },
  wsEngine: {
    env: "SOCKETCLUSTER_WS_ENGINE",
    ...text(),
    fallback: undefined as string | undefined,
    doc: "accepted, without effect",
  },
  logLevel: logLevelSetting("SOCKETCLUSTER_LOG_LEVEL"),
} satisfies Settings;

export type WorkerConfig = Config<typeof workerSettings>;

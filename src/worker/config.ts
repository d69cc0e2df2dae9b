import {
  commonSettings,
  logLevelSetting,
  memberSettings,
  workerMemberSettings,
} from "../cluster/settings.ts";
import {
  type Config,
  integer,
  integerOr,
  jsonObject,
  oneOf,
  port,
  type Settings,
  text,
  toggle,
} from "../runtime/config/config.ts";

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
  processes: {
    env: "SCC_WORKER_PROCESSES",
    flag: "--processes",
    ...integerOr("auto", 1, 256),
    fallback: 1 as number | "auto",
    doc: "processes that share the port (flag: --processes); auto: one per processor core",
  },
  channelLimit: {
    env: "SOCKETCLUSTER_SOCKET_CHANNEL_LIMIT",
    ...integer(1, 1_000_000_000),
    fallback: 1000,
    doc: "channels one client may be subscribed to",
  },
  bufferedBytes: {
    env: "SCC_WORKER_BUFFERED_BYTES",
    ...integer(1024, 2 ** 40),
    fallback: undefined as number | undefined,
    doc: "bytes that may wait for all clients of a process together, the server's option maxTotalBufferedBytes: beyond it those for whom most waits are closed; absent: half of the memory that the process may use besides its heap, at least an eighth of all",
  },
  tokenKey: {
    env: "SOCKETCLUSTER_AUTH_KEY",
    flag: "--token-key",
    ...text(),
    fallback: undefined as string | undefined,
    secret: true,
    doc: "key of clients' tokens, the server's option authKey; absent: made at start, so that tokens are good at this process only",
  },
  options: {
    env: "SOCKETCLUSTER_OPTIONS",
    ...jsonObject(),
    fallback: {} as Readonly<Record<string, unknown>>,
    secret: true,
    doc: "options for the server (those of attach()), a JSON object",
  },
  mappingEngine: {
    env: "SCC_MAPPING_ENGINE",
    ...oneOf("skeletonRendezvous", "simple"),
    fallback: "skeletonRendezvous" as "skeletonRendezvous" | "simple",
    doc: "accepted, without effect: scc-state is told, and decides for all",
  },
  ...workerMemberSettings,
  drainRate: {
    env: "SCC_DRAIN_RATE",
    ...integer(1, 1_000_000),
    fallback: 500,
    doc: "clients per second told to reconnect elsewhere after SIGTERM, by all processes of the worker; more if SCC_DRAIN_MS is too short",
  },
  expectedClients: {
    env: "SCC_EXPECTED_CLIENTS",
    ...integer(0, 1_000_000_000),
    fallback: 5000,
    doc: "clients this worker may have at a time: warns at start if SCC_DRAIN_MS is too short to send them away at SCC_DRAIN_RATE; limits nothing",
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
  openTelemetry: {
    env: "SCC_OPENTELEMETRY",
    ...toggle(),
    fallback: false,
    doc: "make OpenTelemetry spans of publishes that come with a traceparent; needs the package @opentelemetry/api",
  },
  logLevel: logLevelSetting("SOCKETCLUSTER_LOG_LEVEL"),
} satisfies Settings;

export type WorkerConfig = Config<typeof workerSettings>;

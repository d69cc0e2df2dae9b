import { clientAuthSetting, commonSettings, logLevelSetting } from "../cluster/settings.ts";
import {
  type Config,
  milliseconds,
  oneOf,
  port,
  type Settings,
  text,
  toggle,
} from "../runtime/config/config.ts";

export const stateSettings = {
  port: { env: "SCC_STATE_SERVER_PORT", ...port(), fallback: 7777, doc: "port to listen on" },
  ...commonSettings,
  clientAuth: clientAuthSetting,
  forwardedForHeader: {
    env: "FORWARDED_FOR_HEADER",
    ...text("a header name"),
    fallback: undefined as string | undefined,
    doc: "header in which a trusted proxy says whom a member's connection comes from",
  },
  retryDelay: {
    env: "SCC_STATE_SERVER_RETRY_DELAY",
    ...milliseconds(1),
    fallback: 2000,
    doc: "pause before a broker's announced address is dialled again, ms",
  },
  scaleOutDelay: {
    env: "SCC_STATE_SERVER_SCALE_OUT_DELAY",
    ...milliseconds(),
    fallback: 5000,
    doc: "how long no broker may have joined before those that wait are let in together, ms",
  },
  scaleBackDelay: {
    env: "SCC_STATE_SERVER_SCALE_BACK_DELAY",
    ...milliseconds(),
    fallback: 1000,
    doc: "how long a member's lost connection may take to come back before it counts against a broker, ms",
  },
  startupDelay: {
    env: "SCC_STATE_SERVER_STARTUP_DELAY",
    ...milliseconds(),
    fallback: 5000,
    doc: "how long after its start scc-state lets no broker join, so that members can return first, ms",
  },
  mappingEngine: {
    env: "SCC_MAPPING_ENGINE",
    ...oneOf("skeletonRendezvous", "simple"),
    fallback: "skeletonRendezvous" as "skeletonRendezvous" | "simple",
    doc: "how upstream's workers in the same cluster place channels: the ring follows while there are some",
  },
  dashboard: {
    env: "SCC_STATE_DASHBOARD",
    ...toggle(),
    fallback: true,
    doc: "scc-state serves the dashboard at its port; with SCC_AUTH_KEY it asks for the key",
  },
  logLevel: logLevelSetting("SCC_STATE_LOG_LEVEL"),
} satisfies Settings;

export type StateConfig = Config<typeof stateSettings>;

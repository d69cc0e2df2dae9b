import { commonSettings } from "../../cluster/settings.ts";
import { type Config, milliseconds, port, type Settings, text } from "../../runtime/config/config.ts";

const { authKey, insecure, tlsCertFile, tlsKeyFile, tlsCaFile, stateServerSecure } = commonSettings;

/** What a member would be told to find its cluster: the same variables. */
export const doctorSettings = {
  stateServerHost: {
    env: "SCC_STATE_SERVER_HOST",
    ...text("a host name or IP address"),
    fallback: "127.0.0.1",
    doc: "host of scc-state",
  },
  stateServerPort: { env: "SCC_STATE_SERVER_PORT", ...port(), fallback: 7777, doc: "port of scc-state" },
  stateServerSecure,
  authKey,
  insecure,
  tlsCertFile,
  tlsKeyFile,
  tlsCaFile,
  timeout: {
    env: "SCC_DOCTOR_TIMEOUT",
    flag: "--timeout",
    ...milliseconds(100),
    fallback: 3000,
    doc: "how long each answer may take, ms",
  },
} satisfies Settings;

export type DoctorConfig = Config<typeof doctorSettings>;

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProcessTemplate, SystemTemplate } from "./template.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** What a machine on its own need not wait for as long as a real cluster. Its user's variables win. */
const LOCAL_DEFAULTS = {
  SCC_STATE_SERVER_STARTUP_DELAY: "1000",
  SCC_STATE_SERVER_SCALE_OUT_DELAY: "500",
  SCC_DRAIN_MS: "10000",
};

/** What the run decides itself. */
const OWN = [
  "SCC_HOST",
  "SCC_STATE_SERVER_HOST",
  "SCC_STATE_SERVER_PORT",
  "SCC_BROKER_SERVER_PORT",
  "SOCKETCLUSTER_PORT",
  "SCC_INSTANCE_IP",
  "SCC_INSTANCE_PORT",
  "SCC_METRICS_PORT",
  "SCC_STATE_SERVER_SECURE",
  "SCC_BROKER_SERVER_SECURE",
];

const UPSTREAM_PACKAGES = ["socketcluster-server", "scc-broker-client"];

/**
 * A cluster of our own processes.
 *
 * @param entry the program that knows `state`, `broker` and `worker`
 * @param env of the user; variables of the services that do not say where they are reach them
 */
export function ourSystem(entry: string, env: Env): SystemTemplate {
  const given = Object.entries(env).filter(
    ([name, value]) => /^(SCC|SOCKETCLUSTER)_/.test(name) && value && !OWN.includes(name),
  );
  const shared = { ...LOCAL_DEFAULTS, SCC_METRICS_PORT: "0", SCC_HOST: "{host}" };
  const common: Record<string, string> = {
    ...shared,
    ...(Object.fromEntries(given) as Record<string, string>),
  };
  const member = {
    ...common,
    SCC_STATE_SERVER_HOST: "{stateHost}",
    SCC_STATE_SERVER_PORT: "{statePort}",
    SCC_INSTANCE_IP: "{announcedHost}",
  };
  const service = (role: "state" | "broker" | "worker", own: Record<string, string>): ProcessTemplate => ({
    role,
    argv: [process.execPath, entry, role],
    env: own,
    ready: { http: "/readyz" },
  });
  return {
    name: "sccluster",
    settle: 0,
    processes: [
      service("state", { ...common, SCC_STATE_SERVER_PORT: "{port}" }),
      service("broker", {
        ...member,
        SCC_BROKER_SERVER_PORT: "{port}",
        SCC_INSTANCE_PORT: "{announcedPort}",
      }),
      service("worker", { ...member, SOCKETCLUSTER_PORT: "{port}" }),
      ...upstreamWorker(),
    ],
  };
}

/** One of upstream's, where its packages are installed, and this program is built. */
function upstreamWorker(): ProcessTemplate[] {
  const script = fileURLToPath(new URL("./upstream-worker.js", import.meta.url));
  if (!existsSync(script) || !UPSTREAM_PACKAGES.every(isInstalled)) return [];
  return [
    {
      role: "upstream-worker",
      argv: [process.execPath, script, "{port}", "{stateHost}", "{statePort}"],
      env: {},
      ready: { output: "brokers: ws://" },
    },
  ];
}

/** Whether a package is found from where the user is. */
function isInstalled(name: string): boolean {
  try {
    createRequire(join(process.cwd(), "package.json")).resolve(name);
    return true;
  } catch {
    // It is not: what needs it is left out, and says so.
    return false;
  }
}

import { fileURLToPath } from "node:url";
import { type Contender, numbers, type ServerProcess, type Shape, type Site } from "./contender.ts";

const SCC = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const LOOPBACK = "127.0.0.1";

/** As in production, except that nobody waits at the start for members elsewhere. */
const COMMON = {
  NODE_ENV: "production",
  ENV: "prod",
  SCC_HOST: LOOPBACK,
  SCC_METRICS_PORT: "0",
  SCC_STATE_SERVER_STARTUP_DELAY: "0",
  SCC_STATE_SERVER_SCALE_OUT_DELAY: "0",
  SCC_STATE_LOG_LEVEL: "2",
  SCC_BROKER_SERVER_LOG_LEVEL: "2",
  SOCKETCLUSTER_LOG_LEVEL: "2",
};

/** This package, as it has been built. */
export const ours: Contender = {
  name: "scc",
  about: "this package: scc worker, and scc-state with scc brokers where there are several workers",
  protocol: "socketcluster",
  packages: [],
  clusters: true,
  processes: (shape, site) => (shape.brokers === 0 ? [alone(shape, site)] : cluster(shape, site)),
};

function alone({ workers }: Shape, site: Site): ServerProcess[] {
  return numbers(workers).map((number) => worker(number, site, {}));
}

function cluster({ workers, brokers }: Shape, site: Site): ServerProcess[][] {
  const statePort = site.port();
  const member = {
    SCC_STATE_SERVER_HOST: LOOPBACK,
    SCC_STATE_SERVER_PORT: String(statePort),
    SCC_INSTANCE_IP: LOOPBACK,
  };
  const state = service("state", "state", statePort, { SCC_STATE_SERVER_PORT: String(statePort) });
  return [
    [state],
    numbers(brokers).map((number) => broker(number, site, member)),
    numbers(workers).map((number) => worker(number, site, member)),
  ];
}

type Env = Readonly<Record<string, string>>;

function broker(number: number, site: Site, member: Env): ServerProcess {
  const port = site.port();
  return service("broker", `broker ${number}`, port, { ...member, SCC_BROKER_SERVER_PORT: String(port) });
}

function worker(number: number, site: Site, member: Env): ServerProcess {
  const port = site.port();
  const options = site.authKey === undefined ? {} : { authKey: site.authKey };
  return service("worker", `worker ${number}`, port, {
    ...member,
    SOCKETCLUSTER_PORT: String(port),
    SOCKETCLUSTER_OPTIONS: JSON.stringify(options),
  });
}

function service(role: ServerProcess["role"], name: string, port: number, env: Env): ServerProcess {
  return {
    name,
    role,
    command: process.execPath,
    args: [SCC, role],
    env: { ...COMMON, ...env },
    port,
    readyPath: "/readyz",
  };
}

import { toggle } from "../../runtime/config/config.ts";
import { ConfigError } from "../../runtime/errors.ts";

export type Env = Readonly<Record<string, string | undefined>>;
export type ServiceName = "scc-state" | "scc-broker" | "scc-worker";

/** One process of the local cluster, before it is started. */
export interface ServicePlan {
  readonly service: ServiceName;
  /** Arguments of `scc` that start it. */
  readonly args: readonly string[];
  readonly env: Env;
  readonly port: number;
  /** 0: it serves none. */
  readonly metricsPort: number;
  /** Where this machine reaches it: an address, without brackets. */
  readonly address: string;
  /** Whether it speaks TLS. */
  readonly secure: boolean;
}

export interface Wishes {
  readonly workers: number;
  readonly brokers: number;
  /** Address to listen on; absent: `SCC_HOST`, or else loopback. */
  readonly host: string | undefined;
  /** The user's module for the workers. */
  readonly module: string | undefined;
}

const LOOPBACK = "127.0.0.1";
const METRICS_OFFSET = 1000;
const HIGHEST_PORT = 65_535;

/** How each service is started, and which variable holds the port of the first of its kind. */
export const KINDS = {
  "scc-state": {
    command: "state",
    portVariable: "SCC_STATE_SERVER_PORT",
    port: 7777,
    secureVariable: "SCC_STATE_SERVER_SECURE",
  },
  "scc-broker": {
    command: "broker",
    portVariable: "SCC_BROKER_SERVER_PORT",
    port: 8888,
    secureVariable: "SCC_BROKER_SERVER_SECURE",
  },
  "scc-worker": {
    command: "worker",
    portVariable: "SOCKETCLUSTER_PORT",
    port: 8000,
    secureVariable: undefined,
  },
} as const;

/**
 * What is right on one machine and would be wrong in a real cluster: nobody has to wait for members that
 * start at the same instant elsewhere, and whoever presses Ctrl-C wants it over soon.
 */
const LOCAL_DEFAULTS = {
  // A restarted scc-state lets no broker join before the members that live are back, which takes them less.
  SCC_STATE_SERVER_STARTUP_DELAY: "1000",
  SCC_STATE_SERVER_SCALE_OUT_DELAY: "200",
  SCC_BROKER_SERVER_RETRY_DELAY: "250",
  SCC_BROKER_RETRY_DELAY: "250",
  SCC_STATE_SERVER_RECONNECT_RANDOMNESS: "100",
  SCC_DRAIN_MS: "5000",
  SCC_LAME_DUCK_MS: "0", // there is no load balancer that would have to notice
  SCC_DRAIN_RATE: "100000",
};

/** Variables that would tell several processes on one machine the same thing about themselves. */
const NOT_INHERITED = ["SCC_INSTANCE_PORT"];

/**
 * Lays out a cluster on this machine: scc-state, the brokers, the workers, in the order they are shown.
 * Ports count up from the first of each kind; metrics ports lie 1000 above, or count up from
 * `SCC_METRICS_PORT` (0: none).
 *
 * @throws {ConfigError} if a port is no port, or two services would need the same one
 */
export function planCluster(wishes: Wishes, env: Env): ServicePlan[] {
  const problems: string[] = [];
  const first = {
    "scc-state": portOf(env, "scc-state", problems),
    "scc-broker": portOf(env, "scc-broker", problems),
    "scc-worker": portOf(env, "scc-worker", problems),
  };
  if (problems.length > 0) throw new ConfigError(problems);

  const host = wishes.host || env.SCC_HOST || LOOPBACK;
  const address = reachable(host);
  const shared = sharedEnv(env, { host, address, statePort: first["scc-state"] });
  const metricsPortOf = metricsPorts(env);
  const plan = (service: ServiceName, index: number): ServicePlan => {
    const port = first[service] + index;
    const metricsPort = metricsPortOf(port);
    const { command, portVariable, secureVariable } = KINDS[service];
    const module = service === "scc-worker" && wishes.module !== undefined ? [wishes.module] : [];
    return {
      service,
      args: [command, ...module],
      env: { ...shared, [portVariable]: String(port), SCC_METRICS_PORT: String(metricsPort) },
      port,
      metricsPort,
      address,
      secure: secureVariable !== undefined && isOn(env[secureVariable]),
    };
  };
  const plans = [
    plan("scc-state", 0),
    ...Array.from({ length: wishes.brokers }, (_, index) => plan("scc-broker", index)),
    ...Array.from({ length: wishes.workers }, (_, index) => plan("scc-worker", index)),
  ];
  const clashes = findClashes(plans);
  if (clashes.length > 0) throw new ConfigError(clashes);
  return plans;
}

interface Place {
  readonly host: string;
  readonly address: string;
  readonly statePort: number;
}

function sharedEnv(env: Env, { host, address, statePort }: Place): Env {
  const inherited: Record<string, string | undefined> = { ...LOCAL_DEFAULTS, ...withoutEmpty(env) };
  for (const name of NOT_INHERITED) delete inherited[name];
  return {
    ...inherited,
    SCC_HOST: host,
    SCC_STATE_SERVER_HOST: address,
    SCC_STATE_SERVER_PORT: String(statePort),
    SCC_INSTANCE_IP: inherited.SCC_INSTANCE_IP ?? address,
  };
}

/** An empty variable counts as absent everywhere in this program, so it must not hide a default. */
function withoutEmpty(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value));
}

/** What to dial for a service that listens on `host`: nobody can dial "all addresses". */
export function reachable(host: string): string {
  if (host === "0.0.0.0") return LOOPBACK;
  if (host === "::") return "::1";
  return host;
}

function isOn(text: string | undefined): boolean {
  return toggle().schema.safeParse(text).data === true;
}

function portOf(env: Env, service: ServiceName, problems: string[]): number {
  const { portVariable, port } = KINDS[service];
  const text = env[portVariable] || String(port);
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= HIGHEST_PORT) return value;
  problems.push(`${portVariable}=${JSON.stringify(text)}: expected an integer from 1 to ${HIGHEST_PORT}`);
  return port;
}

function metricsPorts(env: Env): (servicePort: number) => number {
  const text = env.SCC_METRICS_PORT;
  if (!text) return (servicePort) => servicePort + METRICS_OFFSET;
  let next = Number(text);
  if (!Number.isInteger(next) || next < 0 || next > HIGHEST_PORT)
    throw new ConfigError([
      `SCC_METRICS_PORT=${JSON.stringify(text)}: expected an integer from 0 to ${HIGHEST_PORT}`,
    ]);
  return () => (next === 0 ? 0 : next++);
}

/** A port that a service of the plan needs, and what to change if it cannot have it. */
export interface PortNeed {
  readonly port: number;
  readonly host: string;
  /** In words: "scc-broker", "metrics of scc-broker 8889". */
  readonly purpose: string;
  readonly variable: string;
}

/** Every port the cluster will listen on. */
export function portNeeds(plans: readonly ServicePlan[]): PortNeed[] {
  return plans.flatMap(({ service, port, metricsPort, env }) => {
    const host = env.SCC_HOST ?? LOOPBACK;
    const own = { port, host, purpose: service, variable: KINDS[service].portVariable };
    if (metricsPort === 0) return [own];
    const purpose = `metrics of ${service} ${port}`;
    return [own, { port: metricsPort, host, purpose, variable: "SCC_METRICS_PORT" }];
  });
}

function findClashes(plans: readonly ServicePlan[]): string[] {
  const problems: string[] = [];
  const owners = new Map<number, PortNeed>();
  for (const need of portNeeds(plans)) {
    const other = owners.get(need.port);
    if (other !== undefined)
      problems.push(
        `port ${need.port} would be needed twice, for ${other.purpose} (${other.variable})` +
          ` and ${need.purpose} (${need.variable})`,
      );
    if (need.port > HIGHEST_PORT)
      problems.push(`port ${need.port} for ${need.purpose} does not exist: set ${need.variable} lower`);
    owners.set(need.port, need);
  }
  return problems;
}

/** Where a browser finds a worker: by name if it is this machine, so that it is easy to read and to type. */
export function pageUrl({ address, port }: Pick<ServicePlan, "address" | "port">): string {
  return `http://${address === LOOPBACK ? "localhost" : bracketed(address)}:${port}`;
}

/** An address as it stands in a URL: IPv6 needs brackets. */
export function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

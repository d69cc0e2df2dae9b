import { randomUUID } from "node:crypto";
import { createServer, type Server as HttpServer } from "node:http";
import { AGServer } from "../api/index.ts";
import { WorkerCluster } from "../broker-client/worker-cluster.ts";
import { SUSPECT_MS } from "../cluster/settings.ts";
import { systemClock } from "../runtime/clock.ts";
import { tellOfFaults } from "../runtime/contain.ts";
import { ConfigError } from "../runtime/errors.ts";
import type { ConnectionLimit } from "../runtime/http/connection-limit.ts";
import { listen, portConnections, serveMetrics } from "../runtime/http/http.ts";
import type { HttpConnections } from "../runtime/http/http-connections.ts";
import { registerHttpMetrics } from "../runtime/http/http-metrics.ts";
import { beLameDuck, closeOnSignals, Lifecycle } from "../runtime/lifecycle.ts";
import { createLogger, describe, type Logger } from "../runtime/log.ts";
import { memoryLimits } from "../runtime/memory.ts";
import { Metrics } from "../runtime/metrics.ts";
import { Turn } from "../runtime/turn.ts";
import { problemsOf } from "../server/options.ts";
import { type WorkerConfig, workerSettings } from "./config.ts";
import type { WorkerIdentity } from "./demo.ts";
import { Evacuation } from "./evacuation.ts";
import { finishRequests, paceOf, sendClientsAway, warnOfShortDrain } from "./farewell.ts";
import { registerWorkerMetrics, type WorkerParts } from "./metrics.ts";
import { loadModule, startModule } from "./module.ts";
import { hasStarted, joinPrimary } from "./processes/child.ts";
import { instanceOf, isFirst, type Seat } from "./processes/seat.ts";
import { WorkerReports } from "./reports.ts";
import { answerRequests } from "./requests.ts";

/** Of the grace period, what is kept for what comes after the cluster was left. */
const LAST_MS = 300;
const SLOW_START_MS = 10_000;
/** How often at most trouble of clients is written to the log. */
const TROUBLE_EVERY_MS = 10_000;

/**
 * scc-worker, from top to bottom: what it is made of and who knows whom.
 *
 * @param modulePath the user's application; without one the worker serves the demo page
 * @param seat which of several processes behind one port this is; absent: there is no other
 */
export async function runWorker(
  config: WorkerConfig,
  modulePath: string | undefined,
  seat: Seat | undefined,
): Promise<void> {
  const log = createLogger("scc-worker", instanceOf(config, seat), config.logLevel);
  const life = new Lifecycle(log);
  const stop = closeOnSignals(life, log, config.lameDuckMs + config.drainMs);
  if (isFirst(seat)) sayWhatHasNoEffect(config, log);
  refuseOptions(config);
  warnOfShortDrain(config, seat, log);

  const turn = new Turn();
  const connections = portConnections(config, log, { processes: seat?.count ?? 1 });
  const http = connections.watch(createServer(connections.serverOptions));
  const { stateServerHost: stateHost } = config;
  const cluster = stateHost === undefined ? undefined : new WorkerCluster(config, stateHost, turn, log);
  const server = new AGServer(
    { ...serverOptions(config, connections.limit), httpServer: http },
    {
      turn,
      clock: systemClock,
      memory: memoryLimits(seat?.count),
      ...(cluster && { broker: (deliver) => cluster.connect(deliver) }),
    },
  );
  if (config.openTelemetry) server.core.tracer = await (await import("./tracing.ts")).loadTracer();
  const app = modulePath === undefined ? undefined : await loadModule(modulePath);
  const readiness = () => (life.closing ? "stopping" : cluster?.broker.trouble);
  const { core } = server;
  const evacuation = new Evacuation({ core, perSecond: paceOf(config, seat), suspectMs: SUSPECT_MS, log });
  cluster?.onAlone((brokers) => evacuation.alone(brokers));
  const metrics = metricsOf(config, { core, cluster, evacuation, readiness, connections, log });
  cluster?.reports(new WorkerReports(core, cluster.broker));
  // Of several processes the primary serves the metrics, and each answers the probes for all.
  const families = () => metrics.families();
  const primary =
    seat && joinPrimary({ readiness, metrics: families, stop: () => stop("the primary stops") });
  answerRequests(
    http,
    primary ?? { readiness },
    app || config.environment === "prod" ? undefined : identityOf(config, cluster),
  );

  if (!seat) life.opened("metrics", await serveMetrics(metrics, config));

  logTroubleOfClients(server, log);
  // Before the application starts: it may wait for a message of its own to come round.
  cluster?.join();
  if (cluster) life.opened("membership", () => cluster.leave(Math.max(0, life.remainingMs - LAST_MS)));
  const closeApp = app && (await started(startModule(app, { server, http, exchange: server.exchange }), log));
  await openPort(http, config);
  if (seat) hasStarted();
  life.opened("server", () => connections.close());
  log.info("scc-worker listens", { port: config.port, cluster: cluster !== undefined });

  if (closeApp) life.opened("application", async () => void (await closeApp()));
  // Before the application ends, which has to answer them.
  life.opened("requests", () => finishRequests(connections, life, log));
  life.opened("clients", () => {
    evacuation.close();
    return sendClientsAway(server, config, seat, log);
  });
  life.opened("lame duck", () => beLameDuck(config.lameDuckMs, connections, log));
  primary?.serves();
}

async function openPort(http: HttpServer, { port, host }: WorkerConfig): Promise<void> {
  // The primary is asked for the port, and nothing else may keep this process alive until it has answered.
  const waiting = setInterval(() => {}, SLOW_START_MS);
  await listen(http, port, host, "SOCKETCLUSTER_PORT").finally(() => clearInterval(waiting));
}

function metricsOf(
  config: WorkerConfig,
  {
    connections,
    log,
    ...parts
  }: Omit<WorkerParts, "level"> & { readonly connections: HttpConnections; readonly log: Logger },
): Metrics {
  const metrics = new Metrics({ service: "scc-worker", instance: String(config.port) });
  tellOfFaults(log, metrics);
  registerWorkerMetrics(metrics, { ...parts, level: config.publishLevel });
  registerHttpMetrics(metrics, connections);
  return metrics;
}

/** What is said by variables of their own, under what SOCKETCLUSTER_OPTIONS says. */
function serverOptions(
  { channelLimit, tokenKey, bufferedBytes, options }: WorkerConfig,
  { webSockets }: ConnectionLimit,
) {
  const key = tokenKey === undefined ? {} : { authKey: tokenKey };
  const limits = {
    socketChannelLimit: channelLimit,
    maxConnections: webSockets,
    maxTotalBufferedBytes: bufferedBytes,
  };
  return { ...limits, ...key, ...options };
}

/** @throws {ConfigError} if the options for the server cannot work */
function refuseOptions({ options, tokenKey }: WorkerConfig): void {
  const problems = [...problemsOf(options)];
  const { authKey, authPrivateKey } = options;
  if (tokenKey !== undefined && (authPrivateKey ?? authKey ?? tokenKey) !== tokenKey)
    problems.push("SOCKETCLUSTER_AUTH_KEY gives another key: keep one of them");
  if (problems.length > 0)
    throw new ConfigError(problems.map((problem) => `SOCKETCLUSTER_OPTIONS: ${problem}`));
}

/** Waits for the application, however long it takes, and says so if it is long. */
async function started<T>(start: Promise<T>, log: Logger): Promise<T> {
  const since = performance.now();
  // It also keeps the process alive: nothing else does while no port is open.
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - since) / 1000);
    log.warn("the application is still starting; the port opens when its function has returned", { seconds });
  }, SLOW_START_MS);
  try {
    return await start;
  } finally {
    clearInterval(timer);
  }
}

/** What goes wrong with clients is counted, and said now and then: a client must not be able to fill the log. */
function logTroubleOfClients(server: AGServer, log: Logger): void {
  let count = 0;
  let last: unknown;
  let saidAt = -Infinity;
  const note = (error: unknown): void => {
    count += 1;
    last = error;
    if (performance.now() - saidAt < TROUBLE_EVERY_MS) return;
    saidAt = performance.now();
    log.warn("clients met errors", { count, last: describe(last) });
    count = 0;
  };
  void consume(server.listener("warning"), ({ warning }) => note(warning));
  void consume(server.listener("error"), ({ error }) => log.error("the server met an error", { error }));
}

async function consume<T>(events: AsyncIterable<T>, each: (event: T) => void): Promise<void> {
  for await (const event of events) each(event);
}

function identityOf({ port }: WorkerConfig, cluster: WorkerCluster | undefined): WorkerIdentity {
  const instanceId = cluster?.instanceId ?? randomUUID();
  return { port, instanceId, pid: process.pid, mode: cluster ? "cluster" : "alone" };
}

function sayWhatHasNoEffect(config: WorkerConfig, log: Logger): void {
  const given = (["clientPoolSize", "pubSubBatchDuration", "wsEngine"] as const)
    .filter((key) => config[key] !== undefined)
    .map((key) => workerSettings[key].env);
  if (given.length > 0) log.warn("settings without effect here", { given });
}

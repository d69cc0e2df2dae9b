import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { AGServer } from "../api/index.ts";
import { systemClock } from "../runtime/clock.ts";
import { type Flags, readConfig } from "../runtime/config.ts";
import { closeServer, listen, serveMetrics } from "../runtime/http.ts";
import { closeOnSignals, Lifecycle } from "../runtime/lifecycle.ts";
import { createLogger, type Logger } from "../runtime/log.ts";
import { Metrics } from "../runtime/metrics.ts";
import { Turn } from "../runtime/turn.ts";
import { WorkerCluster } from "./cluster.ts";
import { type WorkerConfig, workerSettings } from "./config.ts";
import type { WorkerIdentity } from "./demo.ts";
import { registerClusterMetrics, registerWorkerMetrics } from "./metrics.ts";
import { loadModule, startModule } from "./module.ts";
import { answerRequests } from "./requests.ts";

/** Of the grace period, what is kept for everything but the clients. */
const RESERVE_MS = 2000;

/**
 * scc-worker, from top to bottom: what it is made of and who knows whom.
 *
 * @param modulePath the user's application; without one the worker serves the demo page
 */
export async function runWorker(
  env: NodeJS.ProcessEnv,
  flags: Flags,
  modulePath: string | undefined,
): Promise<void> {
  const config = readConfig(workerSettings, env, flags);
  const instance = String(config.port);
  const log = createLogger("scc-worker", instance, config.logLevel);
  const life = new Lifecycle(log);
  closeOnSignals(life, log, config.drainMs);
  sayWhatHasNoEffect(config, log);

  const turn = new Turn();
  const http = createServer();
  const cluster =
    config.stateServerHost === undefined
      ? undefined
      : new WorkerCluster(config, config.stateServerHost, turn, log);
  const server = new AGServer(
    { socketChannelLimit: config.channelLimit, ...config.options, httpServer: http },
    { turn, clock: systemClock, ...(cluster && { broker: (deliver) => cluster.connect(deliver) }) },
  );
  const app = modulePath === undefined ? undefined : await loadModule(modulePath);
  const health = { readiness: () => (life.closing ? "stopping" : cluster?.broker.trouble) };
  answerRequests(
    http,
    health,
    app || config.environment === "prod" ? undefined : identityOf(config, cluster),
  );

  const metrics = new Metrics({ service: "scc-worker", instance });
  registerWorkerMetrics(metrics, server.core);
  if (cluster) registerClusterMetrics(metrics, cluster.broker, cluster.ring);
  const metricsServer = await serveMetrics(metrics, config.metricsPort ?? config.port + 1000, config.host);
  if (metricsServer) life.opened("metrics", () => closeServer(metricsServer));

  const closeApp = app && (await startModule(app, { server, http, exchange: server.exchange }));
  await listen(http, config.port, config.host, "SOCKETCLUSTER_PORT");
  life.opened("server", () => closeServer(http));
  log.info("scc-worker listens", { port: config.port, cluster: cluster !== undefined });

  cluster?.join();
  if (cluster) life.opened("membership", () => cluster.leave());
  if (closeApp) life.opened("application", async () => void (await closeApp()));
  const deadlineMs = Math.max(0, config.drainMs - RESERVE_MS);
  life.opened("clients", () => server.drain({ perSecond: config.drainRate, deadlineMs }));
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

import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Server } from "node:http";
import { warnIfOpenToAll } from "../cluster/insecure.ts";
import { MAX_TALK_FRAME } from "../cluster/registration/state-dialer.ts";
import { acceptMembers } from "../link/accept.ts";
import { TALK_PROTOCOL, Talk } from "../link/talk.ts";
import { systemClock } from "../runtime/clock.ts";
import { type Flags, readConfig } from "../runtime/config/config.ts";
import { onRequest, onUpgrade, tellOfFaults } from "../runtime/contain.ts";
import {
  answerProbe,
  type Health,
  LAST_ANSWER_MS,
  listen,
  portConnections,
  REQUEST_MS,
  serveMetrics,
} from "../runtime/http/http.ts";
import type { HttpConnections } from "../runtime/http/http-connections.ts";
import { registerHttpMetrics } from "../runtime/http/http-metrics.ts";
import { beLameDuck, closeOnSignals, Lifecycle } from "../runtime/lifecycle.ts";
import { createLogger, type Logger } from "../runtime/log.ts";
import { Metrics } from "../runtime/metrics.ts";
import { Certificates } from "../runtime/tls/certificates.ts";
import { createHttpServer } from "../runtime/tls/tls.ts";
import { type StateConfig, stateSettings } from "./config.ts";
import { Dashboard } from "./dashboard/dashboard.ts";
import { registerStateMetrics } from "./metrics.ts";
import { probe } from "./probe.ts";
import { StateService } from "./service.ts";
import { serveUpstreamMembers } from "./upstream-server.ts";

const STOP_MS = 5000;

/** scc-state, from top to bottom: what it is made of and who knows whom. */
export async function runState(env: NodeJS.ProcessEnv, flags: Flags): Promise<void> {
  const config = readConfig(stateSettings, env, flags);
  const stateId = randomBytes(4).toString("hex");
  const log = createLogger("scc-state", String(config.port), config.logLevel);
  const life = new Lifecycle(log);
  closeOnSignals(life, log, config.lameDuckMs + STOP_MS);

  warnIfOpenToAll(config, log);
  const connections = portConnections(config, log, { requestMs: REQUEST_MS });
  const certificates = new Certificates(config);
  certificates.watch(systemClock, log);
  const service = new StateService({
    stateId,
    delays: {
      startup: config.startupDelay,
      scaleOut: config.scaleOutDelay,
      scaleBack: config.scaleBackDelay,
    },
    upstreamPlacement: config.mappingEngine,
    retryDelay: config.retryDelay,
    forwardedForHeader: config.forwardedForHeader,
    clock: systemClock,
    log,
    probe: (uri) => probe(uri, { authKey: config.authKey, credentials: certificates.current }),
  });

  // Ready as soon as it accepts members: behind a load balancer they could not return to it otherwise.
  const health = { readiness: () => (life.closing ? "stopping" : undefined) };
  const authKeys = [config.authKey, config.authKeySecondary];
  const dashboard = config.dashboard
    ? new Dashboard(service, { stateId, authKeys, clock: systemClock, log })
    : undefined;
  const { server, members } = createStateServer({ config, certificates, connections, health, dashboard });
  const isFull = () => connections.isFull;
  const closeUpstream = acceptAll(members, service, config, { isFull, log });

  const metrics = metricsOf(config, service, health, log);
  registerHttpMetrics(metrics, connections);
  life.opened("metrics", await serveMetrics(metrics, config));

  await listen(server, config.port, config.host, "SCC_STATE_SERVER_PORT");
  life.opened("server", () => connections.end(LAST_ANSWER_MS));
  if (dashboard) life.opened("dashboard", () => dashboard.close());
  life.opened("members", () => service.close());
  life.opened("upstream members", closeUpstream);
  life.opened("lame duck", () => beLameDuck(config.lameDuckMs, connections, log));
  log.info("scc-state listens", { port: config.port, stateId });
}

/** Accepts members, ours and upstream's. @returns a function that parts with upstream's */
function acceptAll(
  members: EventEmitter,
  service: StateService,
  { authKey, authKeySecondary, clientAuth }: StateConfig,
  { isFull, log }: { readonly isFull: () => boolean; readonly log: Logger },
): () => Promise<void> {
  const upstream = new EventEmitter();
  const closeUpstream = serveUpstreamMembers(upstream, service, systemClock);
  acceptMembers(members, {
    authKeys: [authKey, authKeySecondary],
    clientAuth,
    isFull,
    maxPayload: MAX_TALK_FRAME,
    clock: systemClock,
    protocols: new Map([
      [TALK_PROTOCOL, (socket, request) => service.accept(new Talk(socket, systemClock), request)],
    ]),
    others: (...upgrade) => void upstream.emit("upgrade", ...upgrade),
    refused: ({ socket }, reason) => log.warn("connection refused", { from: socket.remoteAddress, reason }),
  });
  return closeUpstream;
}

function metricsOf(config: StateConfig, service: StateService, health: Health, log: Logger): Metrics {
  const metrics = new Metrics({ service: "scc-state", instance: String(config.port) });
  tellOfFaults(log, metrics);
  registerStateMetrics(metrics, service, health.readiness);
  return metrics;
}

/** @returns what emits the upgrades of members, all but those of the dashboard */
function createStateServer({
  config,
  certificates,
  connections,
  health,
  dashboard,
}: {
  readonly config: StateConfig;
  readonly certificates: Certificates;
  readonly connections: HttpConnections;
  readonly health: Health;
  readonly dashboard: Dashboard | undefined;
}): { readonly server: Server; readonly members: EventEmitter } {
  const { stateServerSecure: isSecure, clientAuth } = config;
  const server = createHttpServer({ isSecure, certificates, clientAuth, connections });
  const members = new EventEmitter();
  onRequest(server, (request, response) => {
    if (answerProbe(health, request, response) || dashboard?.serve(request, response)) return;
    response.writeHead(404).end("scc-state speaks with members\n");
  });
  onUpgrade(server, (request, socket, head) => {
    if (!dashboard?.upgrade(request, socket, head)) members.emit("upgrade", request, socket, head);
  });
  return { server, members };
}

import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import { MAX_TALK_FRAME } from "../cluster/transport.ts";
import { acceptMembers } from "../link/accept.ts";
import { TALK_PROTOCOL, Talk } from "../link/talk.ts";
import { Certificates } from "../runtime/certificates.ts";
import { systemClock } from "../runtime/clock.ts";
import { type Flags, readConfig } from "../runtime/config.ts";
import { answerProbe, closeServer, listen, metricsPortOf, serveMetrics } from "../runtime/http.ts";
import { closeOnSignals, Lifecycle } from "../runtime/lifecycle.ts";
import { createLogger } from "../runtime/log.ts";
import { Metrics } from "../runtime/metrics.ts";
import { createHttpServer } from "../runtime/tls.ts";
import { stateSettings } from "./config.ts";
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
  closeOnSignals(life, log, STOP_MS);

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

  const { stateServerSecure: isSecure, clientAuth } = config;
  const server = createHttpServer({ isSecure, certificates, clientAuth });
  // Ready as soon as it accepts members: behind a load balancer they could not return to it otherwise.
  const health = { readiness: () => (life.closing ? "stopping" : undefined) };
  server.on("request", (request, response) => {
    if (!answerProbe(health, request, response))
      response.writeHead(404).end("scc-state speaks with members\n");
  });
  const upstream = new EventEmitter();
  const closeUpstream = serveUpstreamMembers(upstream, service, systemClock);
  acceptMembers(server, {
    authKeys: [config.authKey, config.authKeySecondary],
    clientAuth,
    maxPayload: MAX_TALK_FRAME,
    protocols: new Map([
      [TALK_PROTOCOL, (socket, request) => service.accept(new Talk(socket, systemClock), request)],
    ]),
    others: (...upgrade) => void upstream.emit("upgrade", ...upgrade),
    refused: ({ socket }, reason) => log.warn("connection refused", { from: socket.remoteAddress, reason }),
  });

  const metrics = new Metrics({ service: "scc-state", instance: String(config.port) });
  registerStateMetrics(metrics, service, health.readiness);
  const metricsServer = await serveMetrics(
    metrics,
    metricsPortOf(config.port, config.metricsPort),
    config.host,
  );
  if (metricsServer) life.opened("metrics", () => closeServer(metricsServer));

  await listen(server, config.port, config.host, "SCC_STATE_SERVER_PORT");
  life.opened("server", () => closeServer(server));
  life.opened("members", () => service.close());
  life.opened("upstream members", closeUpstream);
  log.info("scc-state listens", { port: config.port, stateId });
}

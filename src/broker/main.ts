import { EventEmitter } from "node:events";
import type { Server } from "node:http";
import { warnIfOpenToAll } from "../cluster/insecure.ts";
import {
  linkDialer,
  linkOptions,
  MAX_LINK_BUFFER,
  MAX_LINK_FRAME,
  type TransportOptions,
} from "../cluster/peer/transport.ts";
import { createStateLink } from "../cluster/registration/member.ts";
import { CurrentRing } from "../cluster/ring/current-ring.ts";
import { acceptMembers } from "../link/accept.ts";
import { LINK_PROTOCOL } from "../link/entries.ts";
import { IDENTITY_PROTOCOL, sayIdentity } from "../link/identity.ts";
import { Link } from "../link/link.ts";
import { systemClock } from "../runtime/clock.ts";
import { type Flags, readConfig } from "../runtime/config/config.ts";
import { onRequest, tellOfFaults } from "../runtime/contain.ts";
import { ConfigError } from "../runtime/errors.ts";
import {
  answerProbe,
  type Health,
  LAST_ANSWER_MS,
  listen,
  portConnections,
  REQUEST_MS,
  serveMetrics,
} from "../runtime/http/http.ts";
import { registerHttpMetrics } from "../runtime/http/http-metrics.ts";
import { beLameDuck, closeOnSignals, Lifecycle } from "../runtime/lifecycle.ts";
import { createLogger, type Logger } from "../runtime/log.ts";
import { Metrics } from "../runtime/metrics.ts";
import { Certificates } from "../runtime/tls/certificates.ts";
import { createHttpServer } from "../runtime/tls/tls.ts";
import { Turn } from "../runtime/turn.ts";
import { problemsOf } from "../server/options.ts";
import { type BrokerConfig, brokerSettings, tailBounds, WAITING_BYTES } from "./config.ts";
import { registerBrokerMetrics } from "./metrics.ts";
import { reportsOf } from "./reports.ts";
import { BrokerService } from "./service.ts";
import { serveUpstreamWorkers } from "./upstream/upstream-server.ts";

/** Of what a link may hold, the part that logs and copies on their way may take: 1/16. */
const TRANSFER_SHARE = 16;
/** The part of the grace period that a leaving broker waits at most until its logs are with others. */
const LEAVE_SHARE = 0.8;

/** scc-broker, from top to bottom: what it is made of and who knows whom. */
export async function runBroker(env: NodeJS.ProcessEnv, flags: Flags): Promise<void> {
  const config = readConfig(brokerSettings, env, flags);
  const log = createLogger("scc-broker", String(config.port), config.logLevel);
  const life = new Lifecycle(log);
  closeOnSignals(life, log, config.lameDuckMs + config.drainMs);

  const connections = portConnections(config, log, { requestMs: REQUEST_MS });
  const ring = new CurrentRing();
  warnIfOpenToAll(config, log);
  const certificates = new Certificates(config);
  certificates.watch(systemClock, log);
  const transport = { clock: systemClock, turn: new Turn(), authKey: config.authKey, certificates };
  const service = createService(config, transport, ring, log);
  const state = createStateLink(config, {
    ring,
    log,
    transport,
    instanceType: "scc-broker",
    secure: config.secure,
    retryDelay: config.retryDelay,
    instanceId: () => service.instanceId,
  });
  service.registersWith(state);
  reportsOf(service, state);

  const metrics = new Metrics({ service: "scc-broker", instance: String(config.port) });
  tellOfFaults(log, metrics);
  registerBrokerMetrics(metrics, service, systemClock, () => state.registered);
  registerHttpMetrics(metrics, connections);
  life.opened("metrics", await serveMetrics(metrics, config));

  const readiness = () => (life.closing ? "stopping" : service.trouble);
  const server = createHttpServer({ ...config, isSecure: config.secure, certificates, connections });
  const isFull = () => connections.isFull;
  const closeUpstream = serveMembers(server, config, service, { transport, readiness, isFull, log });
  await listen(server, config.port, config.host, "SCC_BROKER_SERVER_PORT");
  life.opened("server", () => connections.end(LAST_ANSWER_MS));
  life.opened("links", () => service.close());
  life.opened("upstream workers", closeUpstream);
  log.info("scc-broker listens", { port: config.port, instanceId: service.instanceId });

  state.start();
  life.opened("membership", () => {
    service.leaves();
    return state.leave((done) => service.onReleased(done), config.drainMs * LEAVE_SHARE);
  });
  life.opened("lame duck", () => beLameDuck(config.lameDuckMs, connections, log));
}

function createService(
  config: BrokerConfig,
  transport: TransportOptions,
  ring: CurrentRing,
  log: Logger,
): BrokerService {
  return new BrokerService({
    ...transport,
    ring,
    log,
    bounds: tailBounds(config),
    dial: linkDialer(transport, config.connectTimeout),
    retryDelay: config.retryDelay,
    random: Math.random,
    maxChannels: config.maxChannels,
    unconfirmedBytes: config.unconfirmedBytes,
    waitingBytes: WAITING_BYTES,
    transferBytes: MAX_LINK_BUFFER / TRANSFER_SHARE,
  });
}

/** @throws {ConfigError} if it cannot be one */
function maxPayloadOf({ options: { maxPayload } }: BrokerConfig): number | undefined {
  const problems = problemsOf({ maxPayload });
  if (problems.length > 0) throw new ConfigError(problems.map((each) => `SOCKETCLUSTER_OPTIONS: ${each}`));
  return typeof maxPayload === "number" ? maxPayload : undefined;
}

interface MembersParts {
  readonly transport: TransportOptions;
  readonly readiness: Health["readiness"];
  /** Whether no more connections are taken. */
  readonly isFull: () => boolean;
  readonly log: Logger;
}

/** @returns a function that parts with upstream's workers */
function serveMembers(
  server: Server,
  config: BrokerConfig,
  service: BrokerService,
  { transport, readiness, isFull, log }: MembersParts,
): () => Promise<void> {
  const { clientAuth } = config;
  const authKeys = [config.authKey, config.authKeySecondary];
  onRequest(server, (request, response) => {
    if (answerProbe({ readiness }, request, response)) return;
    response.writeHead(404).end("scc-broker speaks with members\n");
  });
  const upstream = new EventEmitter();
  const closeUpstream = serveUpstreamWorkers(upstream, service, transport, {
    maxBufferedBytes: MAX_LINK_BUFFER,
    maxPayload: maxPayloadOf(config),
  });
  acceptMembers(server, {
    authKeys,
    clientAuth,
    isFull,
    maxPayload: MAX_LINK_FRAME,
    clock: systemClock,
    instanceId: () => service.instanceId,
    protocols: new Map([
      [LINK_PROTOCOL, (socket) => service.accept(new Link(socket, linkOptions(transport)))],
      [IDENTITY_PROTOCOL, (socket) => sayIdentity(socket, service.instanceId)],
    ]),
    others: (...upgrade) => void upstream.emit("upgrade", ...upgrade),
    refused: ({ socket }, reason) => log.warn("connection refused", { from: socket.remoteAddress, reason }),
  });
  return closeUpstream;
}

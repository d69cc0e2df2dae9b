import type { ClusterBroker } from "../broker-client/cluster-broker.ts";
import type { WorkerCluster } from "../broker-client/worker-cluster.ts";
import { linkStates, registerMemberMetrics } from "../cluster/member-metrics.ts";
import { registerLinkMetrics } from "../link/metrics.ts";
import type { PublishLevel } from "../pubsub/broker.ts";
import type { Trouble } from "../runtime/http/http.ts";
import { Latencies } from "../runtime/latency.ts";
import type { Metrics } from "../runtime/metrics.ts";
import type { ServerCore } from "../server/core.ts";
import type { Evacuation } from "./evacuation.ts";

/** Upper bounds of what a canary takes, seconds: from a quiet network next door to one that is about to be late. */
const CANARY_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

export interface WorkerParts {
  readonly core: ServerCore;
  /** Absent: the worker stands alone. */
  readonly cluster: Pick<WorkerCluster, "broker" | "ring" | "gaps" | "registered"> | undefined;
  readonly evacuation: Evacuation;
  /** The level of publishes that are given none. */
  readonly level: PublishLevel;
  readonly readiness: () => Trouble;
}

/** What scc-worker shows of itself at /metrics. */
export function registerWorkerMetrics(metrics: Metrics, parts: WorkerParts): void {
  const { core, cluster, evacuation, level, readiness } = parts;
  metrics.readiness(readiness);
  registerClientMetrics(metrics, core);
  registerLatencies(metrics, core, cluster ? level : "worker");
  if (cluster) registerClusterMetrics(metrics, cluster, evacuation);
}

function registerClientMetrics(metrics: Metrics, core: ServerCore): void {
  const { counters, pubsub } = core;
  const { hub } = pubsub;
  metrics.gauge("scc_worker_connections", "Clients connected", () => core.open.size);
  metrics.gauge("scc_worker_channels", "Channels with a subscriber here", () => hub.channelCount);
  metrics.gauge("scc_worker_subscriptions", "Subscriptions of clients here", () => hub.subscriptionCount);
  metrics.counter("scc_worker_handshakes_total", "Handshakes done", () => counters.handshakes);
  metrics.counter(
    "scc_worker_aborted_total",
    "Connections that ended before their handshake",
    () => counters.aborted,
  );
  metrics.counter(
    "scc_worker_full_total",
    "Clients answered 503 because there were SCC_MAX_CONNECTIONS already",
    () => counters.full,
  );
  metrics.counter("scc_worker_publishes_total", "Publications accepted here", () => pubsub.publicationCount);
  metrics.counter(
    "scc_worker_deliveries_total",
    "Publications handed to subscribers",
    () => hub.deliveryCount,
  );
  metrics.counter("scc_worker_messages_in_total", "Messages from clients", () => counters.messagesIn);
  metrics.counter("scc_worker_bytes_in_total", "Bytes from clients", () => counters.bytesIn);
  metrics.counter("scc_worker_messages_out_total", "Messages to clients", () => counters.messagesOut);
  metrics.counter("scc_worker_bytes_out_total", "Bytes to clients", () => counters.bytesOut);
  metrics.counter("scc_worker_writes_total", "Writes to clients' sockets", () => counters.writes);
  registerTroubleMetrics(metrics, core);
}

function registerTroubleMetrics(metrics: Metrics, core: ServerCore): void {
  const { counters } = core;
  metrics.counters(
    "scc_worker_slow_consumers_total",
    "Clients closed as too slow, by what was too much: docs/metrics.md",
    "reason",
    () => counters.slow,
  );
  metrics.counter(
    "scc_worker_dropped_publications_total",
    "Publications that slow clients did not get, so that they could stay",
    () => counters.droppedPublications,
  );
  metrics.gauge(
    "scc_worker_held_back",
    "Clients that are not read now, because what they publish cannot be passed on",
    () => counters.heldBack,
  );
  metrics.counter(
    "scc_worker_hold_backs_total",
    "How often clients were not read, because what they published could not be passed on",
    () => counters.holdBacks,
  );
  metrics.counter("scc_worker_compressions_total", "Messages compressed", () => counters.compressions);
  metrics.counters("scc_worker_errors_total", "Errors that clients caused or met, by name", "reason", () =>
    Object.fromEntries(counters.errors),
  );
  metrics.counters(
    "scc_worker_closes_total",
    "Connections of clients that ended, by close code: docs/metrics.md",
    "code",
    () => Object.fromEntries(counters.closes),
  );
  metrics.gauge("scc_worker_outbox_bytes", "Bytes that clients have not taken yet", () => outboxBytes(core));
  metrics.gauge(
    "scc_worker_held_bytes",
    "Memory that waits for clients to take it, what several wait for counted once",
    () => core.writer.held.bytes,
  );
  metrics.gauge(
    "scc_worker_outbox_max_bytes",
    "Bytes that the client with most of them has not taken yet",
    () => mostOutboxBytes(core),
    "max",
  );
}

/**
 * How long publishes of clients take until they are acknowledged.
 *
 * @param usual the level of those that are given none
 */
function registerLatencies(metrics: Metrics, core: ServerCore, usual: PublishLevel): void {
  const { acknowledgements } = core.counters;
  metrics.latencies(
    "scc_worker_acknowledgement_seconds",
    "From a client's publish to its acknowledgement, by the level that it waits for",
    "level",
    () => {
      const { worker, replica, usual: given } = acknowledgements;
      return { worker, replica, [usual]: Latencies.sum(acknowledgements[usual], given) };
    },
  );
}

function outboxBytes({ open }: ServerCore): number {
  let bytes = 0;
  for (const { bufferedBytes } of open.values()) bytes += bufferedBytes;
  return bytes;
}

function mostOutboxBytes({ open }: ServerCore): number {
  let most = 0;
  for (const { bufferedBytes } of open.values()) most = Math.max(most, bufferedBytes);
  return most;
}

/** What scc-worker shows of its cluster at /metrics. */
function registerClusterMetrics(
  metrics: Metrics,
  cluster: NonNullable<WorkerParts["cluster"]>,
  evacuation: Evacuation,
): void {
  const { broker, ring, gaps } = cluster;
  metrics.gauge("scc_ring_version", "Counter of the ring's version", () => ring.version.counter, "max");
  metrics.gauge("scc_ring_brokers", "Brokers in the ring", () => ring.ring.brokers.length, "max");
  registerMemberMetrics(metrics, {
    links: () => {
      const brokers = ring.ring.brokers.map(({ instanceId }) => instanceId);
      return { broker: linkStates(brokers, broker.linked, broker.accused) };
    },
    isRegistered: () => cluster.registered,
  });
  registerLinkMetrics(metrics);
  registerPublishMetrics(metrics, broker);
  metrics.counter(
    "scc_worker_duplicates_total",
    "Records dropped as repeats",
    () => broker.counts.duplicates,
  );
  metrics.counter(
    "scc_worker_missing_total",
    "Records that had to be asked for again",
    () => broker.counts.missing,
  );
  metrics.counters(
    "scc_worker_gaps_total",
    "Gaps signalled: subscribers may have missed messages, by reason",
    "reason",
    () => gaps.counts,
  );
  registerCanaryMetrics(metrics, broker);
  metrics.counter(
    "scc_worker_evacuated_total",
    "Clients sent elsewhere because this worker could not use a broker that all others could",
    () => evacuation.count,
  );
}

function registerPublishMetrics(metrics: Metrics, broker: ClusterBroker): void {
  const { counts, rejected } = broker;
  metrics.gauge("scc_worker_unconfirmed", "Publishes not confirmed yet", () => broker.unconfirmedCount);
  metrics.gauge(
    "scc_worker_unconfirmed_bytes",
    "Bytes of publishes not confirmed yet",
    () => broker.unconfirmedBytes,
  );
  metrics.counter("scc_worker_resent_total", "Publishes sent again", () => counts.resent);
  metrics.counters(
    "scc_worker_rejected_total",
    "Publishes rejected, by reason: size, room, refused by the broker, out of time, the worker stops",
    "reason",
    () => rejected,
  );
  metrics.counter(
    "scc_worker_lost_total",
    "Publishes rejected that were acknowledged before, at level worker",
    () => counts.lost,
  );
}

function registerCanaryMetrics(metrics: Metrics, { canaries }: ClusterBroker): void {
  canaries.onAnswer = metrics.histogram(
    "scc_worker_canary_seconds",
    "How long canaries took through a broker, its follower, and back",
    CANARY_SECONDS,
  );
  metrics.gauge(
    "scc_worker_canaries_late",
    "Brokers through which no canary came back for longer than SCC_CANARY_LIMIT",
    () => canaries.lateCount,
  );
}

import { hasMember } from "../cluster/ring.ts";
import { RingWatch } from "../cluster/ring-watch.ts";
import { registerLinkMetrics } from "../link/metrics.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Metrics } from "../runtime/metrics.ts";
import type { BrokerService } from "./service.ts";

/** What scc-broker shows of itself at /metrics. To be called before it has a ring. */
export function registerBrokerMetrics(metrics: Metrics, service: BrokerService, clock: Clock): void {
  metrics.readiness(() => service.trouble);
  metrics.gauge("scc_broker_links", "Links of workers and other brokers", () => service.linkCount);
  metrics.gauge("scc_broker_worker_links", "Links of workers", () => service.windows.count);
  metrics.gauge("scc_broker_channels", "Channels owned and kept", () => service.owner.channelCount);
  metrics.gauge("scc_broker_logs", "Logs kept: owned, followed, or old", () => service.held.count);
  metrics.gauge("scc_broker_tail_bytes", "Bytes of newest messages kept", () => service.held.tailBytes);
  metrics.counter(
    "scc_broker_messages_total",
    "Messages put in order since the start",
    () => service.owner.messageCount,
  );
  metrics.counter(
    "scc_broker_repeats_total",
    "Messages sent again and dropped",
    () => service.owner.repeatCount,
  );
  metrics.gauge(
    "scc_broker_unacknowledged_copies",
    "Messages that followers have not acknowledged yet",
    () => service.unacknowledgedCopies,
  );
  metrics.gauge(
    "scc_broker_unacknowledged_bytes",
    "Bytes of copies that followers were told and have not acknowledged yet",
    () => service.unacknowledgedBytes,
  );
  metrics.gauge(
    "scc_broker_follower_stalled_seconds",
    "How long a follower has acknowledged nothing, though it was told something",
    () => service.stalledLooks,
  );
  registerRingMetrics(metrics, service, clock);
  registerLinkMetrics(metrics);
}

function registerRingMetrics(metrics: Metrics, service: BrokerService, clock: Clock): void {
  const { ring } = service;
  const watch = new RingWatch(ring, clock);
  const isIn = (): boolean => hasMember(ring.ring.brokers, service.instanceId);
  metrics.gauge("scc_ring_version", "Counter of the ring's version", () => ring.version.counter);
  metrics.gauge("scc_ring_brokers", "Brokers in the ring", () => ring.ring.brokers.length);
  metrics.counter("scc_broker_handovers_total", "Changes of the ring taken part in", () => watch.changes);
  metrics.gauge(
    "scc_broker_handover_left",
    "Logs that are not where the ring wants them yet",
    () => service.owner.handover.leftCount,
  );
  metrics.gauge(
    "scc_broker_handover_waiting_bytes",
    "Bytes of publishes and subscriptions that wait for logs which are not where the ring wants them",
    () => service.owner.waitingBytes,
  );
  metrics.gauge(
    "scc_broker_unsettled_seconds",
    "How long a change of the ring has been under way; 0: none is",
    () => (!isIn() || service.owner.handover.isSettled ? 0 : watch.age),
  );
}

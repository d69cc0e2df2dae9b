import { type LinkStates, linkStates, registerMemberMetrics } from "../cluster/member-metrics.ts";
import { followerOf, hasMember } from "../cluster/ring/ring.ts";
import { RingWatch } from "../cluster/ring/ring-watch.ts";
import { registerLinkMetrics } from "../link/metrics.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Metrics } from "../runtime/metrics.ts";
import type { BrokerService } from "./service.ts";

/** What scc-broker shows of itself at /metrics. To be called before it has a ring. */
export function registerBrokerMetrics(
  metrics: Metrics,
  service: BrokerService,
  clock: Clock,
  isRegistered: () => boolean,
): void {
  metrics.readiness(() => service.trouble);
  registerMemberMetrics(metrics, { links: () => linksOf(service), isRegistered });
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
  metrics.counter(
    "scc_broker_refused_total",
    "Subscriptions and publishes refused because there was no room for their channels",
    () => service.refusedCount,
  );
  registerFollowerMetrics(metrics, service, clock);
  registerRingMetrics(metrics, service, clock);
  registerLinkMetrics(metrics);
}

/** How far followers are behind. */
function registerFollowerMetrics(metrics: Metrics, service: BrokerService, clock: Clock): void {
  const streams = () => [...service.owner.streams.values()];
  metrics.gauge(
    "scc_broker_unacknowledged_copies",
    "Messages that followers have not acknowledged yet",
    () => service.unacknowledgedCopies,
  );
  metrics.gauge("scc_broker_unacknowledged_bytes", "Bytes that followers have not acknowledged yet", () =>
    streams().reduce((sum, { unacknowledgedBytes }) => sum + unacknowledgedBytes, 0),
  );
  metrics.gauge(
    "scc_broker_unacknowledged_seconds",
    "Age of the oldest message that a follower has not acknowledged yet; 0: there is none",
    () => {
      const now = clock.now();
      return (now - Math.min(now, ...streams().map(({ oldestAt }) => oldestAt ?? now))) / 1000;
    },
  );
}

/** How this broker's links are, by who is at their other end. */
function linksOf(service: BrokerService): Record<"broker" | "follower" | "worker", LinkStates> {
  const { instanceId, linked, linkedBrokers, accused } = service;
  const { ring } = service.ring;
  // Brokers that join or leave have a link for a while, and are not missed without one.
  const brokers = new Set([...ring.brokers.map((member) => member.instanceId), ...linkedBrokers]);
  const follower = brokers.has(instanceId) ? followerOf(ring)?.instanceId : undefined;
  const workers = linked.filter((member) => !brokers.has(member) && member !== follower);
  brokers.delete(instanceId);
  const statesOf = (members: Iterable<string>): LinkStates => linkStates(members, linked, accused);
  return {
    broker: statesOf(brokers),
    follower: statesOf(follower === undefined ? [] : [follower]),
    worker: statesOf(workers),
  };
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

import type { Metrics } from "../runtime/metrics.ts";
import type { BrokerService } from "./service.ts";

/** What scc-broker shows of itself at /metrics. */
export function registerBrokerMetrics(metrics: Metrics, service: BrokerService): void {
  metrics.gauge("scc_broker_links", "Links of workers and other brokers", () => service.linkCount);
  metrics.gauge("scc_broker_channels", "Channels owned and kept", () => service.owner.channelCount);
  metrics.gauge("scc_broker_logs", "Logs kept: owned, followed, or old", () => service.held.count);
  metrics.gauge("scc_broker_unacknowledged_copies", "Messages that followers have not acknowledged yet", () =>
    [...service.owner.streams.values()].reduce((sum, { length }) => sum + length, 0),
  );
  metrics.gauge(
    "scc_broker_handover_left",
    "Logs that are not where the ring wants them yet",
    () => service.owner.handover.leftCount,
  );
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
  metrics.gauge("scc_ring_version", "Counter of the ring's version", () => service.ring.version.counter);
}

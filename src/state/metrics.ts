import type { Trouble } from "../runtime/http/http.ts";
import type { Metrics } from "../runtime/metrics.ts";
import type { StateService } from "./service.ts";

/** What scc-state shows of itself at /metrics. */
export function registerStateMetrics(metrics: Metrics, service: StateService, trouble: () => Trouble): void {
  metrics.readiness(trouble);
  metrics.gauge("scc_state_workers", "Workers registered", () => service.memberCount("worker"));
  metrics.gauge("scc_state_brokers", "Brokers registered", () => service.memberCount("broker"));
  metrics.gauge("scc_ring_version", "Counter of the ring's version", () => service.ring.version.counter);
  metrics.gauge("scc_ring_brokers", "Brokers in the ring", () => service.ring.brokers.length);
  metrics.counter("scc_state_rings_total", "Rings made since the start", () => service.ringsMade);
  metrics.counter(
    "scc_state_refused_total",
    "Registrations refused since the start",
    () => service.refusedCount,
  );
}

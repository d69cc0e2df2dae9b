import type { Metrics } from "../metrics.ts";
import type { HttpConnections } from "./http-connections.ts";

/** What a process shows of the connections to its port at /metrics. */
export function registerHttpMetrics(metrics: Metrics, connections: HttpConnections): void {
  metrics.gauge("scc_open_connections", "Connections to the port, of any kind", () => connections.count);
  metrics.gauge(
    "scc_max_connections",
    "WebSockets that may be connected at a time (SCC_MAX_CONNECTIONS)",
    () => connections.limit.webSockets,
  );
  metrics.counter(
    "scc_cut_connections_total",
    "Connections cut because there were too many, most of which had asked for nothing",
    () => connections.refusedCount,
  );
}

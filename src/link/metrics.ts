import type { Metrics } from "../runtime/metrics.ts";
import { linkTraffic } from "./traffic.ts";

/** What goes over the links of this process, whoever they are to. */
export function registerLinkMetrics(metrics: Metrics): void {
  metrics.counter("scc_link_frames_in_total", "Frames from other members", () => linkTraffic.framesIn);
  metrics.counter("scc_link_bytes_in_total", "Bytes from other members", () => linkTraffic.bytesIn);
  metrics.counter("scc_link_frames_out_total", "Frames to other members", () => linkTraffic.framesOut);
  metrics.counter("scc_link_bytes_out_total", "Bytes to other members", () => linkTraffic.bytesOut);
  metrics.counter(
    "scc_link_too_slow_total",
    "Links ended because the other side did not read",
    () => linkTraffic.tooSlow,
  );
}

import { hostname } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";

const MIB = 2 ** 20;

/** Tells how this worker is doing, each time since the last. */
export function sampler(server) {
  const delay = monitorEventLoopDelay();
  delay.enable();
  let cpu = process.cpuUsage();
  let at = performance.now();
  return () => {
    const used = process.cpuUsage(cpu);
    const elapsedMs = Math.max(1, performance.now() - at);
    const sample = {
      worker: `${hostname()}-${process.pid}`,
      at: Date.now(),
      clients: server.clientsCount,
      cpuPercent: Math.round((used.user + used.system) / 10 / elapsedMs),
      memoryMiB: Math.round(process.memoryUsage.rss() / MIB),
      delayMs: Math.round(delay.max / 1e5) / 10,
    };
    delay.reset();
    cpu = process.cpuUsage();
    at = performance.now();
    return sample;
  };
}

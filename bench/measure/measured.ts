import { z } from "zod";
import type { Role } from "../contenders/contender.ts";

const count = z.number().nonnegative();

/** What one server process used. */
const processSchema = z.object({
  name: z.string(),
  role: z.enum(["worker", "broker", "state"]),
  /** Inside of the window, ms: user and system, with its descendants. */
  cpuMs: count,
  /** While clients connected, ms. */
  connectCpuMs: count,
  /** Of resident memory, what has come while clients connected and subscribed, bytes; may be negative. */
  rssConnectBytes: z.number(),
  /** Resident at the end of the window, bytes. */
  rssBytes: count,
  /** Of that, what has come since before the clients connected; may be negative. */
  rssGrownBytes: z.number(),
  /** The same, with pages that processes share divided; absent where the system does not tell. */
  pssGrownBytes: z.number().optional(),
});

/** What came of one run. Times ms, sizes bytes. */
export const measuredSchema = z.object({
  connections: count,
  connectMs: count,
  windowMs: count,
  /** Inside of the window. */
  published: count,
  delivered: count,
  /** From the intended time of sending to the arrival. */
  p50: count,
  p99: count,
  /** Over the whole run. */
  lost: count,
  duplicated: count,
  reordered: count,
  malformed: count,
  /** What went wrong, with its count. */
  errors: z.record(z.string(), count),
  /** Present where the load had to be made smaller. */
  note: z.string().optional(),
  /** Cores that others used in the window: what this benchmark has not started. */
  foreignCores: z.number(),
  processes: z.array(processSchema).min(1),
});

export type Measured = z.infer<typeof measuredSchema>;

/** What runs are compared by. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  /** Undefined where the run does not have it. */
  readonly of: (measured: Measured) => number | undefined;
}

type Cost = "cpuMs" | "connectCpuMs" | "rssBytes" | "rssConnectBytes" | "rssGrownBytes";

function sum({ processes }: Measured, cost: Cost, role?: Role): number {
  const counted = role === undefined ? processes : processes.filter((process) => process.role === role);
  return counted.reduce((total, process) => total + process[cost], 0);
}

function per(value: number, divisor: number): number | undefined {
  return divisor === 0 ? undefined : value / divisor;
}

export const METRICS = {
  cpu: {
    name: "CPU per delivery",
    unit: "µs",
    of: (measured) => per(sum(measured, "cpuMs") * 1000, measured.delivered),
  },
  brokerCpu: {
    name: "broker's CPU per message",
    unit: "µs",
    of: (measured) =>
      measured.processes.some(({ role }) => role === "broker")
        ? per(sum(measured, "cpuMs", "broker") * 1000, measured.published)
        : undefined,
  },
  p50: {
    name: "latency, median",
    unit: "ms",
    of: ({ delivered, p50 }) => (delivered === 0 ? undefined : p50),
  },
  p99: { name: "latency, p99", unit: "ms", of: ({ delivered, p99 }) => (delivered === 0 ? undefined : p99) },
  memory: {
    name: "memory per connection",
    unit: "KB",
    of: (measured) => per(sum(measured, "rssGrownBytes") / 1024, measured.connections),
  },
  shares: {
    name: "with shared pages divided",
    unit: "KB",
    of: ({ processes, connections }) => {
      const grown = processes
        .map(({ pssGrownBytes }) => pssGrownBytes)
        .filter((bytes) => bytes !== undefined);
      if (grown.length < processes.length) return undefined;
      return per(grown.reduce((total, bytes) => total + bytes, 0) / 1024, connections);
    },
  },
  connectCpu: {
    name: "CPU per connection made",
    unit: "µs",
    of: (measured) => per(sum(measured, "connectCpuMs") * 1000, measured.connections),
  },
  rate: {
    name: "deliveries per second",
    unit: "/s",
    of: (measured) => per(measured.delivered * 1000, measured.windowMs),
  },
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

/** What connecting and subscribing has added to the memory of all processes, bytes. */
export function connectMemoryOf(measured: Measured): number {
  return sum(measured, "rssConnectBytes");
}

/** What the processes of a role hold in the end, bytes. */
export function memoryOfRole(measured: Measured, role: Role): number {
  return sum(measured, "rssBytes", role);
}

/** Whether everything arrived once, in order and intact. */
export function isFaultless({ lost, duplicated, reordered, malformed }: Measured): boolean {
  return lost + duplicated + reordered + malformed === 0;
}

import type { LoadPlan, LoadResult } from "../plan.ts";
import type { Scenario } from "../scenarios.ts";
import type { Usage } from "../usage.ts";

/** What the servers have used so far, all together, at the moments that matter. */
export interface ServerUsage {
  readonly before?: Usage;
  readonly connected?: Usage;
  readonly opened?: Usage;
  readonly closed?: Usage;
}

/** A run of `scc bench`: what was asked for and what came of it. */
export interface Measured {
  readonly scenario: Scenario;
  readonly plan: LoadPlan;
  readonly result: LoadResult;
  readonly usage: ServerUsage;
  /** Ended before its time. */
  readonly stopped: boolean;
  /** When it began, ISO 8601. */
  readonly at: string;
}

/** What servers used per thing they did; undefined where that is not known or nothing was done. */
export interface Costs {
  readonly cpuUsPerDelivery: number | undefined;
  /** Inside of the window, of one core. */
  readonly cpuPercent: number | undefined;
  readonly cpuUsPerConnection: number | undefined;
  readonly rssKbPerConnection: number | undefined;
  readonly rssMb: number | undefined;
}

export function costsOf({ plan, result, usage }: Measured): Costs {
  const { before, connected, opened, closed } = usage;
  const { connections, delivered, windowMs } = result;
  const windowCpuMs = difference(opened?.cpuMs, closed?.cpuMs);
  const rss = difference(before?.rssBytes, connected?.rssBytes);
  const last = closed ?? connected;
  return {
    cpuUsPerDelivery: per(windowCpuMs, delivered, 1000),
    cpuPercent: plan.durationMs === 0 ? undefined : per(windowCpuMs, windowMs, 100),
    cpuUsPerConnection: per(difference(before?.cpuMs, connected?.cpuMs), connections, 1000),
    rssKbPerConnection: per(rss, connections, 1 / 1024),
    rssMb: per(last?.rssBytes, 1, 1 / 1024 / 1024),
  };
}

export function perSecond(count: number, ms: number): number {
  return ms === 0 ? 0 : (count * 1000) / ms;
}

/** Whether everything that was promised was kept, everybody was there, and nobody met an error. */
export function isFaultless({ plan, result, stopped }: Measured): boolean {
  const { lost, duplicated, reordered, malformed, connections, errors } = result;
  const isComplete = stopped || connections === plan.subscribers + plan.publishers;
  return lost + duplicated + reordered + malformed === 0 && isComplete && errors.size === 0;
}

function difference(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : to - from;
}

function per(value: number | undefined, count: number, factor: number): number | undefined {
  return value === undefined || count === 0 ? undefined : (value * factor) / count;
}

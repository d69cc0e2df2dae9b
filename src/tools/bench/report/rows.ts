import type { Latency, LoadPlan } from "../plan.ts";
import { ABOUT } from "../scenarios.ts";
import { costsOf, type Measured, perSecond } from "./measured.ts";

/** One line of the result. */
export interface Row {
  readonly label: string;
  readonly value: string;
  /** Something that should not be. */
  readonly isFault?: boolean;
}

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** "1,234" */
export function whole(value: number): string {
  return NUMBER.format(value);
}

/** Three digits are enough to compare by: "0.142", "13.9", "1,204". */
export function short(value: number): string {
  if (value >= 1000) return whole(value);
  return String(Number(value.toPrecision(3)));
}

/** "fanout, one channel with very many subscribers" */
export function titleOf({ scenario }: Measured): string {
  return `${scenario}: ${ABOUT[scenario]}`;
}

/** The load in words. */
export function describe(plan: LoadPlan): string {
  const { subscribers, channels, publishers, payloadBytes, pace, generators, fanOuts } = plan;
  const parts = [`${count(subscribers, "subscriber")} on ${count(channels, "channel")}`];
  if (fanOuts !== undefined) parts.push(`${fanOuts.join(" and ")} on each`);
  if (pace !== undefined) {
    parts.push(`${count(publishers, "publisher")} of ${whole(payloadBytes)} bytes`);
    parts.push("window" in pace ? `${whole(pace.window)} at a time` : `${whole(pace.perSecond)} per second`);
  }
  if (generators > 1) parts.push(`${generators} generators`);
  return parts.join(", ");
}

/** The result in lines. */
export function rowsOf(measured: Measured): Row[] {
  const { plan, result } = measured;
  const { connections, connectMs, connectLatency } = result;
  const inAll = plan.subscribers + plan.publishers;
  return [
    {
      label: "connected",
      value:
        `${whole(connections)} of ${whole(inAll)} in ${short(connectMs / 1000)} s` +
        ` (${whole(perSecond(connections, connectMs))} per second)`,
      isFault: connections < inAll,
    },
    { label: "  ready after", value: latencyText(connectLatency) },
    ...(plan.pace === undefined ? [] : trafficRows(measured)),
    ...costRows(measured),
    ...[...result.errors].map(([reason, times]) => ({
      label: "error",
      value: `${whole(times)} x ${reason}`,
      isFault: true,
    })),
  ];
}

function trafficRows({ result }: Measured): Row[] {
  const { published, delivered, windowMs, deliveryLatency, acknowledgeLatency } = result;
  const { lost, duplicated, reordered, malformed } = result;
  const rate = (events: number): string =>
    `${whole(perSecond(events, windowMs))} per second (${whole(events)} in ${short(windowMs / 1000)} s)`;
  return [
    { label: "published", value: rate(published) },
    { label: "delivered", value: rate(delivered) },
    { label: "  after", value: latencyText(deliveryLatency) },
    { label: "acknowledged after", value: latencyText(acknowledgeLatency) },
    { label: "lost", value: whole(lost), isFault: lost > 0 },
    { label: "duplicated", value: whole(duplicated), isFault: duplicated > 0 },
    { label: "reordered", value: whole(reordered), isFault: reordered > 0 },
    { label: "malformed", value: whole(malformed), isFault: malformed > 0 },
  ];
}

function costRows(measured: Measured): Row[] {
  const { cpuUsPerDelivery, cpuPercent, cpuUsPerConnection, rssKbPerConnection, rssMb } = costsOf(measured);
  const row = (label: string, value: number | undefined, unit: string): Row[] =>
    value === undefined ? [] : [{ label, value: `${short(value)} ${unit}` }];
  return [
    ...row("servers' CPU", cpuUsPerDelivery, "µs per delivery"),
    ...row("  in the window", cpuPercent, "% of a core"),
    ...row("  connecting", cpuUsPerConnection, "µs per connection"),
    ...row("servers' memory", rssKbPerConnection, "KB per connection"),
    ...row("  in all", rssMb, "MB"),
    ...row("generator's CPU", generatorPercent(measured), "% of a core"),
  ];
}

/** CPU of a generator, on average, in the window. At its end the servers could do more than is measured. */
function generatorPercent({ plan, result }: Measured): number | undefined {
  const { generatorCpuMs, windowMs } = result;
  if (generatorCpuMs === undefined || plan.pace === undefined || windowMs === 0) return undefined;
  return (generatorCpuMs * 100) / windowMs / plan.generators;
}

function latencyText({ count: times, p50, p90, p99, p999, max }: Latency): string {
  if (times === 0) return "-";
  const values = [
    ["p50", p50],
    ["p90", p90],
    ["p99", p99],
    ["p99.9", p999],
    ["max", max],
  ] as const;
  return `${values.map(([name, value]) => `${name} ${short(value)}`).join("  ")} ms`;
}

function count(value: number, what: string): string {
  return `${whole(value)} ${what}${value === 1 ? "" : "s"}`;
}

import { costsOf, isFaultless, type Measured, perSecond } from "./measured.ts";

/** A run as one line of JSON. Times are ms where nothing else is said; what is not known is null. */
export function toJson(measured: Measured): string {
  const { scenario, plan, result, stopped, at } = measured;
  const { authToken: _, ca: __, ...rest } = plan;
  const { cpuUsPerDelivery, cpuPercent, cpuUsPerConnection, rssKbPerConnection, rssMb } = costsOf(measured);
  return JSON.stringify({
    scenario,
    at,
    stopped,
    faultless: isFaultless(measured),
    plan: { ...rest, pace: plan.pace ?? null },
    ...result,
    connectionsPerSecond: perSecond(result.connections, result.connectMs),
    publishedPerSecond: perSecond(result.published, result.windowMs),
    deliveredPerSecond: perSecond(result.delivered, result.windowMs),
    errors: Object.fromEntries(result.errors),
    servers: {
      cpuUsPerDelivery: cpuUsPerDelivery ?? null,
      cpuPercent: cpuPercent ?? null,
      cpuUsPerConnection: cpuUsPerConnection ?? null,
      rssKbPerConnection: rssKbPerConnection ?? null,
      rssMb: rssMb ?? null,
    },
  });
}

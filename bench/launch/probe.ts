import { setTimeout as after } from "node:timers/promises";
import type { LoadPlan, LoadResult, Protocol } from "../../src/tools/bench/plan.ts";

const READY_WITHIN_MS = 30_000;
const PAUSE_MS = 250;
const CHANNELS = 8;

export type RunLoad = (plan: LoadPlan) => Promise<LoadResult>;

/**
 * Waits until what is published on each worker reaches each worker: a cluster is ready only then.
 *
 * @throws {Error} if it does not come to that
 */
export async function untilConnected(
  urls: readonly string[],
  protocol: Protocol,
  runLoad: RunLoad,
): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (let attempt = 1; ; attempt++) {
    const { delivered, lost } = await runLoad(probePlan(urls, protocol, attempt));
    if (delivered > 0 && lost === 0) return;
    if (performance.now() > deadline)
      throw new Error(`The workers do not reach each other: ${lost} of ${lost + delivered} deliveries lost`);
    await after(PAUSE_MS);
  }
}

/** Every worker has subscribers of every channel, and publishers. */
function probePlan(urls: readonly string[], protocol: Protocol, attempt: number): LoadPlan {
  return {
    protocol,
    subscriberUrls: urls,
    publisherUrls: urls,
    subscribers: urls.length * 2,
    channels: CHANNELS,
    channelsPerSubscriber: CHANNELS,
    publishers: urls.length * 2,
    payloadBytes: 64,
    pace: { perSecond: 100 },
    connecting: urls.length * 2,
    settleMs: 200,
    warmupMs: 0,
    durationMs: 500,
    drainMs: 500,
    channelPrefix: `probe-${attempt}-`,
    authToken: undefined,
    generators: 1,
  };
}

import type { ClusterBroker } from "../broker-client/cluster-broker.ts";
import { bucketOf, LATENCY_BUCKETS } from "../cluster/report/latency.ts";
import type { ReportMessage } from "../cluster/report/report-messages.ts";
import type { ReportSource } from "../cluster/report/reporter.ts";
import { Sampling } from "../cluster/report/sampling.ts";
import type { Settle } from "../pubsub/broker.ts";
import type { PublishMeter } from "../pubsub/pubsub.ts";
import type { ServerCore } from "../server/core.ts";

/** Publishes a second that are timed. */
const SAMPLES_PER_SECOND = 500;

/** What scc-worker tells of itself while somebody looks. */
export class WorkerReports implements ReportSource, PublishMeter {
  readonly #core: Pick<ServerCore, "counters" | "open" | "pubsub">;
  readonly #broker: ClusterBroker;
  readonly #sampling = new Sampling(SAMPLES_PER_SECOND, Math.random);
  #times = new Map<number, number>();

  constructor(core: Pick<ServerCore, "counters" | "open" | "pubsub">, broker: ClusterBroker) {
    this.#core = core;
    this.#broker = broker;
  }

  numbers(): Record<string, number> {
    const { counters, open, pubsub } = this.#core;
    const { counts, rejected, linked, unconfirmedCount } = this.#broker;
    return {
      connections: open.size,
      channels: pubsub.hub.channelCount,
      subscriptions: pubsub.hub.subscriptionCount,
      publishes: pubsub.publicationCount,
      deliveries: pubsub.hub.deliveryCount,
      bytesIn: counters.bytesIn,
      bytesOut: counters.bytesOut,
      slowConsumers: counters.slowConsumers,
      errors: sum(counters.errors.values()),
      gaps: counts.gaps,
      lost: counts.lost,
      rejected: sum(Object.values(rejected)),
      links: linked.length,
      unconfirmed: unconfirmedCount,
    };
  }

  begin(): void {
    this.#core.pubsub.meter = this;
  }

  counted(ms: number): Pick<ReportMessage, "latency"> {
    this.#sampling.adapt(ms);
    const latency = [...this.#times];
    this.#times = new Map();
    return { latency };
  }

  end(): void {
    this.#core.pubsub.meter = null;
    this.#times = new Map();
  }

  timed(settle: Settle): Settle {
    if (!this.#sampling.takes()) return settle;
    const { weight } = this.#sampling;
    const since = performance.now();
    return (error) => {
      if (error === undefined) this.#took(performance.now() - since, weight);
      settle(error);
    };
  }

  #took(ms: number, weight: number): void {
    if (this.#core.pubsub.meter === null) return;
    const bucket = Math.min(LATENCY_BUCKETS - 1, bucketOf(ms));
    this.#times.set(bucket, (this.#times.get(bucket) ?? 0) + weight);
  }
}

function sum(counts: Iterable<number>): number {
  let all = 0;
  for (const count of counts) all += count;
  return all;
}

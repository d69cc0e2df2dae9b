import { LATENCY_BUCKETS, type Latencies } from "./latency.ts";
import type { MetricFamily, MetricValue } from "./metric-family.ts";

export interface LatencyMetricOptions {
  readonly name: string;
  readonly help: string;
  /** The label that tells the latencies apart. */
  readonly label: string;
  readonly read: () => Readonly<Record<string, Latencies>>;
}

/** A histogram, as a registry of the library wants it, that reads at each scrape what was counted elsewhere. */
export class LatencyMetric {
  readonly name: string;
  readonly #options: LatencyMetricOptions;

  constructor(options: LatencyMetricOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async get(): Promise<Omit<MetricFamily, "isOfProcess">> {
    const { name, help, label, read } = this.#options;
    const values = Object.entries(read()).flatMap(([value, latencies]) =>
      this.#series({ [label]: value }, latencies),
    );
    return { name, help, type: "histogram", aggregator: "sum", values };
  }

  #series(labels: MetricValue["labels"], { counts, sum }: Latencies): MetricValue[] {
    const { name } = this;
    let total = 0;
    const buckets = counts.map((count, index) => {
      total += count;
      const le = LATENCY_BUCKETS[index] ?? "+Inf";
      return { metricName: `${name}_bucket`, value: total, labels: { ...labels, le } };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, value: sum, labels },
      { metricName: `${name}_count`, value: total, labels },
    ];
  }
}

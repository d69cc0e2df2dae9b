import {
  type Aggregator,
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type Metric,
  Registry,
} from "prom-client";
import type { Latencies } from "./latency.ts";
import { LatencyMetric } from "./latency-metric.ts";
import type { MetricFamily } from "./metric-family.ts";
import { RELEASE } from "./release.ts";

/** One of several numbers of a metric. */
export interface Labelled {
  /** A value for each name of a label. */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The process's one registry. Hot paths count in plain numbers; the registry reads them when it is
 * scraped, so that counting costs an addition and nothing else.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #own = new Set<string>();

  /** @param labels stand on every series: `service` and `instance` */
  constructor(labels: Readonly<Record<string, string>>) {
    this.registry.setDefaultLabels(labels);
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: "scc_release_info",
      help: "Always 1; the label says which release runs",
      labelNames: ["release"],
      registers: [this.registry],
      aggregator: "max",
    }).set({ release: RELEASE }, 1);
    this.#own.add("scc_release_info");
  }

  /** Whether the process is ready, as its probe says it. Of several that act as one, one is enough. */
  readiness(trouble: () => string | undefined): void {
    const help = "1 if /readyz says OK, else 0";
    this.gauge("scc_ready", help, () => (trouble() === undefined ? 1 : 0), "max");
  }

  /**
   * A number that goes up and down, read at each scrape.
   *
   * @param aggregator how the numbers of several processes that act as one become one
   */
  gauge(name: string, help: string, read: () => number, aggregator: Aggregator = "sum"): void {
    const registers = [this.registry];
    this.#own.add(name);
    new Gauge({
      name,
      help,
      registers,
      aggregator,
      collect() {
        this.set(read());
      },
    });
  }

  /** Numbers that go up and down, one for each combination of labels, read at each scrape. */
  gauges(name: string, help: string, labelNames: readonly string[], read: () => Iterable<Labelled>): void {
    const registers = [this.registry];
    this.#own.add(name);
    new Gauge({
      name,
      help,
      registers,
      labelNames: [...labelNames],
      aggregator: "sum",
      collect() {
        // What is not there any more is not shown any more.
        this.reset();
        for (const { labels, value } of read()) this.set({ ...labels }, value);
      },
    });
  }

  /** A number that only grows, read at each scrape. By convention its name ends in `_total`. */
  counter(name: string, help: string, read: () => number): void {
    const registers = [this.registry];
    this.#own.add(name);
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  /** Numbers that only grow, one for each value of a label, read at each scrape. */
  counters(name: string, help: string, label: string, read: () => Readonly<Record<string, number>>): void {
    const registers = [this.registry];
    this.#own.add(name);
    new Counter({
      name,
      help,
      registers,
      labelNames: [label],
      collect() {
        this.reset();
        for (const [value, count] of Object.entries(read())) this.inc({ [label]: value }, count);
      },
    });
  }

  /**
   * Times, counted by how long they are.
   *
   * @param buckets upper bounds, seconds
   * @returns notes one, ms
   */
  histogram(name: string, help: string, buckets: readonly number[]): (ms: number) => void {
    this.#own.add(name);
    const histogram = new Histogram({ name, help, registers: [this.registry], buckets: [...buckets] });
    return (ms) => histogram.observe(ms / 1000);
  }

  /** Durations, for each value of a label, read at each scrape. By convention its name ends in `_seconds`. */
  latencies(
    name: string,
    help: string,
    label: string,
    read: () => Readonly<Record<string, Latencies>>,
  ): void {
    this.#own.add(name);
    // The library's types know its own classes only; all it asks of one is `get`.
    this.registry.registerMetric(new LatencyMetric({ name, help, label, read }) as unknown as Metric);
  }

  /** All that a scrape would show now, as data. */
  async families(): Promise<MetricFamily[]> {
    // The library's types say numbers where it has words.
    const families = (await this.registry.getMetricsAsJSON()) as unknown as MetricFamily[];
    return families.map(({ name, help, type, aggregator, values }) => {
      // What has not been measured yet is no number, which no message could carry.
      const known = values.filter(({ value }) => Number.isFinite(value));
      return { name, help, type, aggregator, values: known, isOfProcess: !this.#own.has(name) };
    });
  }
}

/** The page that shows several lists of metrics as one: series of the same name and labels become one. */
export function printFamilies(lists: readonly (readonly MetricFamily[])[]): Promise<string> {
  return AggregatorRegistry.aggregate([...lists]).metrics();
}

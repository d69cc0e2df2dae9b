import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

/**
 * The process's one registry. Hot paths count in plain numbers; the registry reads them when it is
 * scraped, so that counting costs an addition and nothing else.
 */
export class Metrics {
  readonly registry = new Registry();

  /** @param labels stand on every series: `service` and `instance` */
  constructor(labels: Readonly<Record<string, string>>) {
    this.registry.setDefaultLabels(labels);
    collectDefaultMetrics({ register: this.registry });
  }

  /** A number that goes up and down, read at each scrape. */
  gauge(name: string, help: string, read: () => number): void {
    const registers = [this.registry];
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }

  /** A number that only grows, read at each scrape. By convention its name ends in `_total`. */
  counter(name: string, help: string, read: () => number): void {
    const registers = [this.registry];
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
}

import type { Clock } from "../../runtime/clock.ts";
import type { MetricsPage } from "../../runtime/http/http.ts";
import type { MetricFamily } from "../../runtime/metric-family.ts";
import { type Metrics, printFamilies } from "../../runtime/metrics.ts";
import { addTotals, labelled } from "./merge-metrics.ts";

export interface GroupMetricsOptions {
  /** What the primary shows of itself and of the group. */
  readonly own: Metrics;
  readonly clock: Clock;
  /** Who can be asked now. */
  readonly numbers: () => readonly number[];
  readonly ask: (number: number, question: number) => void;
}

/** How long a scrape waits for processes at most; for those that are late, their last answer stands. */
const ANSWER_MS = 1000;

interface Question {
  readonly number: number;
  readonly waiting: Set<number>;
  readonly done: () => void;
}

/**
 * The metrics of all processes on one page: what counts clients and messages is added up, what is about a
 * process itself is labelled with its number. Totals never fall: those of dead processes are kept as last seen.
 */
export class GroupMetrics implements MetricsPage {
  readonly contentType: string;
  readonly #options: GroupMetricsOptions;
  readonly #last = new Map<number, readonly MetricFamily[]>();
  #dead: readonly MetricFamily[] = [];
  #questions = 0;
  #asked: Question | undefined;
  #page: Promise<string> | undefined;

  constructor(options: GroupMetricsOptions) {
    this.#options = options;
    this.contentType = options.own.registry.contentType;
  }

  /** Asks all processes. Who comes while that is under way gets the same page. */
  metrics(): Promise<string> {
    this.#page ??= this.#collect().finally(() => {
      this.#page = undefined;
    });
    return this.#page;
  }

  /** A process answered. */
  came(number: number, question: number, families: readonly MetricFamily[]): void {
    this.#last.set(number, families);
    if (this.#asked?.number === question) this.#settle(number);
  }

  /** A process is no more: what it counted stays counted. */
  gone(number: number): void {
    this.#dead = addTotals(this.#dead, this.#last.get(number) ?? []);
    this.#last.delete(number);
    this.#settle(number);
  }

  async #collect(): Promise<string> {
    await this.#askAll();
    const own = labelled({ process: "primary", families: await this.#options.own.families() });
    const parts = [...this.#last].toSorted(([a], [b]) => a - b);
    const all = parts.map(([number, families]) => labelled({ process: String(number), families }));
    return printFamilies([own, ...all, this.#dead]);
  }

  async #askAll(): Promise<void> {
    const { numbers, ask, clock } = this.#options;
    const waiting = new Set(numbers());
    if (waiting.size === 0) return;
    this.#questions += 1;
    const number = this.#questions;
    await new Promise<void>((resolve) => {
      const timer = clock.after(ANSWER_MS, resolve);
      const done = (): void => {
        timer.cancel();
        resolve();
      };
      this.#asked = { number, waiting, done };
      for (const each of [...waiting]) ask(each, number);
    });
    this.#asked = undefined;
  }

  #settle(number: number): void {
    this.#asked?.waiting.delete(number);
    if (this.#asked?.waiting.size === 0) this.#asked.done();
  }
}

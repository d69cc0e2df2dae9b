import { isGood, type RunRecord } from "../../tools/chaos/results/record.ts";
import type { Progress, RunObserver } from "../../tools/chaos/run/run.ts";
import type { Due } from "../../tools/chaos/run/series.ts";

const ERASE_LINE = "\r\x1b[K";
const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** What of the terminal is used: `process.stderr` has it. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows what a series of runs does: lines for what happens, and in a terminal one below that changes. */
export class ChaosView implements RunObserver {
  readonly #output: Output;
  readonly #isLive: boolean;
  readonly #total: number;
  #title = "";
  #number = 0;

  /** @param plain without the line that changes, in a terminal too */
  constructor(output: Output, plain: boolean, total: number) {
    this.#output = output;
    this.#isLive = output.isTTY === true && !plain;
    this.#total = total;
  }

  begins({ scenario, number }: Due): void {
    this.#number += 1;
    this.#title = `${scenario.name} (run ${number}; ${this.#number} of ${this.#total})`;
    this.say(`${this.#title}: ${scenario.about}`);
  }

  phase(what: string): void {
    if (this.#isLive) this.#live(`  ${what}`);
  }

  happened(what: string, elapsedMs: number): void {
    this.say(`  ${seconds(elapsedMs).padStart(6)}  ${what}`);
  }

  progress({ elapsedMs, totalMs, sent, acknowledged, rejected, deliveries, pending }: Progress): void {
    if (!this.#isLive) return;
    const counts = [
      `${NUMBER.format(sent)} sent`,
      `${NUMBER.format(acknowledged)} acknowledged`,
      ...(rejected > 0 ? [`${NUMBER.format(rejected)} rejected`] : []),
      `${NUMBER.format(pending)} waiting`,
      `${NUMBER.format(deliveries)} delivered`,
    ];
    this.#live(`  ${seconds(elapsedMs)} of ${seconds(totalMs)}  ${counts.join(", ")}`);
  }

  ended(record: RunRecord): void {
    const { lost, duplicated, reordered, disagreed, rejected, pause } = record;
    const refused = Object.values(rejected).reduce((sum, count) => sum + count, 0);
    const faults = `${NUMBER.format(lost)} lost, ${NUMBER.format(duplicated)} doubled, ${NUMBER.format(reordered + disagreed)} reordered`;
    const rest = `${NUMBER.format(refused)} rejected, longest pause ${NUMBER.format(pause.longestMs)} ms`;
    this.say(`  ${isGood(record) ? "good" : "NOT good"}: ${faults}; ${rest}`);
  }

  say(text: string): void {
    this.#output.write(`${this.#isLive ? ERASE_LINE : ""}${text}\n`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#isLive) this.#output.write(ERASE_LINE);
  }

  #live(text: string): void {
    const width = Math.max(20, (this.#output.columns ?? 80) - 1);
    this.#output.write(`${ERASE_LINE}${text.slice(0, width)}`);
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

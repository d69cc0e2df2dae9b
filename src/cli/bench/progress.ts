import type { Phase, Progress } from "../../tools/bench/plan.ts";
import { whole } from "../../tools/bench/report/rows.ts";

const BAR = 20;
const ERASE_LINE = "\r\x1b[K";

const WORDS: Readonly<Record<Phase, string>> = {
  connect: "connecting",
  settle: "settling",
  "warm up": "warming up",
  measure: "measuring",
  drain: "draining",
};

/** What of the terminal is used: `process.stderr` has it. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows how far a run is: a line that changes in a terminal, else a line for each phase. */
export class ProgressLine {
  readonly #output: Output;
  readonly #isLive: boolean;
  #phase: Phase | undefined;

  /** @param plain a line for each phase in a terminal too */
  constructor(output: Output, plain: boolean) {
    this.#output = output;
    this.#isLive = output.isTTY === true && !plain;
  }

  /** Says something that is no progress. */
  say(text: string): void {
    this.#output.write(this.#isLive ? `${ERASE_LINE}${text}` : `${text}\n`);
  }

  show(progress: Progress): void {
    if (this.#isLive) {
      const width = Math.max(20, (this.#output.columns ?? 80) - 1);
      this.#output.write(`${ERASE_LINE}${lineOf(progress).slice(0, width)}`);
    } else if (progress.phase !== this.#phase) {
      this.#output.write(`${WORDS[progress.phase]}\n`);
    }
    this.#phase = progress.phase;
  }

  /** Takes the line away. */
  end(): void {
    if (this.#isLive) this.#output.write(ERASE_LINE);
  }
}

function lineOf({ phase, done, connections, deliveredPerSecond }: Progress): string {
  const filled = Math.round(Math.min(1, done) * BAR);
  const bar = `${"=".repeat(filled)}${" ".repeat(BAR - filled)}`;
  const rate = phase === "connect" ? "" : `, ${whole(deliveredPerSecond)} deliveries per second`;
  return `${WORDS[phase].padEnd(10)} [${bar}] ${whole(connections)} connections${rate}`;
}

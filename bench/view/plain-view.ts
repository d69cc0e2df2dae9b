import type { ContenderName } from "../contenders/contender.ts";
import type { Step } from "../suite/schedule.ts";
import { keyOf } from "../suite/schedule.ts";
import { type Row, tableLines } from "./board.ts";
import type { View } from "./view.ts";

/** For pipes and files: one line per step, and the table at the end. */
export class PlainView implements View {
  readonly #write: (text: string) => void;
  #rows = new Map<string, Row>();

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  say(text: string): void {
    this.#write(`${text}\n`);
  }

  begin(rows: readonly Row[], steps: number): void {
    this.#rows = new Map(rows.map((row) => [row.key, row]));
    this.say(`${steps} steps`);
  }

  standing(): void {}

  measured(row: Row): void {
    this.#rows.set(row.key, row);
    const { name, against, done, ours, theirs, ratio } = row;
    this.say([name, against, done, ours, theirs, ratio].filter((text) => text !== "").join("  "));
  }

  failed(step: Step, contender: ContenderName, reason: string): void {
    this.say(`${keyOf(step)} failed, ${contender}: ${reason}`);
  }

  end(): void {
    if (this.#rows.size > 0) this.say(`\n${tableLines([...this.#rows.values()], Infinity).join("\n")}`);
  }
}

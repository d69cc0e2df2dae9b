import type { ContenderName } from "../contenders/contender.ts";
import type { Standing } from "../measure/job.ts";
import { digits } from "../report/markdown.ts";
import { keyOf, type Step } from "../suite/schedule.ts";
import { duration, type Row, tableLines } from "./board.ts";
import type { View } from "./view.ts";

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const ERASE_BELOW = "\x1b[0J";
const BAR = 20;

/** What of the terminal is used: `process.stdout` has it. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

/** A table that is drawn over itself, with what is being measured and how long all of it will take below. */
export class TerminalView implements View {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  #rows = new Map<string, Row>();
  /** Key of the row that is being measured. */
  #current = "";
  #footer = "";
  #drawn = 0;
  #began = 0;
  #steps = 0;
  #taken = 0;

  /** @param now ms */
  constructor(terminal: Terminal, now: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#now = now;
  }

  say(text: string): void {
    this.#draw(`${text}\n`);
  }

  begin(rows: readonly Row[], steps: number): void {
    this.#rows = new Map(rows.map((row) => [row.key, row]));
    this.#steps = steps;
    this.#began = this.#now();
    this.#terminal.write(HIDE_CURSOR);
    this.#draw("");
  }

  standing(step: Step, contender: ContenderName, { phase, done, deliveredPerSecond }: Standing): void {
    this.#current = keyOf(step);
    const filled = Math.round(Math.min(1, Math.max(0, done)) * BAR);
    const bar = `${"#".repeat(filled)}${"-".repeat(BAR - filled)}`;
    const rate = deliveredPerSecond > 0 ? `  ${digits(deliveredPerSecond)} deliveries/s` : "";
    const what = step.kind === "comparison" ? `${this.#current}: ${contender}` : this.#current;
    this.#footer = `${what}, ${phase} [${bar}]${rate}`;
    this.#draw("");
  }

  measured(row: Row): void {
    this.#rows.set(row.key, row);
    this.#taken += 1;
    this.#draw("");
  }

  failed(step: Step, contender: ContenderName, reason: string): void {
    this.#taken += 1;
    this.say(`${keyOf(step)} failed, ${contender}: ${reason}`);
  }

  /** Leaves the whole table behind. */
  end(): void {
    this.#footer = "";
    this.#steps = 0;
    const lines = this.#rows.size > 0 ? tableLines([...this.#rows.values()], this.#terminal.columns - 1) : [];
    this.#rows.clear();
    this.#draw(lines.map((line) => `${line}\n`).join(""));
    this.#terminal.write(SHOW_CURSOR);
  }

  /** One write for everything, so that nothing flickers. */
  #draw(above: string): void {
    const { columns, rows } = this.#terminal;
    const [titles = "", ...table] =
      this.#rows.size > 0 ? tableLines([...this.#rows.values()], columns - 1) : [];
    const room = Math.max(1, rows - 5);
    const shown = table.length === 0 ? [] : [titles, ...this.#around(table, room)];
    const lines = [...shown, ...this.#below().map((line) => line.slice(0, columns - 1))];
    const back = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : "";
    const text = lines.map((line) => `${line}\n`).join("");
    this.#terminal.write(`${back}\r${ERASE_BELOW}${above}${text}`);
    this.#drawn = lines.length;
  }

  /** As many rows as there is room for, the current one among them. */
  #around(table: readonly string[], room: number): readonly string[] {
    const current = Math.max(0, [...this.#rows.keys()].indexOf(this.#current));
    const first = Math.max(0, Math.min(current - Math.floor(room / 2), table.length - room));
    return table.slice(first, first + room);
  }

  #below(): string[] {
    if (this.#steps === 0) return [];
    const left = this.#steps - this.#taken;
    const each = this.#taken === 0 ? undefined : (this.#now() - this.#began) / this.#taken;
    const time = each === undefined ? "" : `, about ${duration(each * left)} left`;
    return [this.#footer, `${this.#taken} of ${this.#steps} done${time}; Ctrl-C ends it with a report`];
  }
}

import { styleText } from "node:util";
import { isLoud, readLogLine } from "./log-line.ts";
import type { Service } from "./service.ts";
import { renderTable } from "./table.ts";
import { nameOf, pagesOf, type View } from "./view.ts";

const REFRESH_MS = 1000;
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const ERASE_BELOW = "\x1b[0J";

export interface TerminalOptions {
  /** Shows the whole log of the services, not only warnings and errors. */
  readonly verbose: boolean;
  readonly colours: boolean;
}

/** What of the terminal is used: `process.stdout` has it. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

/**
 * A table at the foot of the terminal that is drawn over itself, with the log of the services scrolling
 * away above it.
 */
export class TerminalView implements View {
  readonly #terminal: Terminal;
  readonly #options: TerminalOptions;
  #services: readonly Service[] = [];
  #footer = "starting; Ctrl-C stops it";
  /** Lines of the table on the screen, over which it is drawn next. */
  #drawn = 0;
  #pending: NodeJS.Immediate | undefined;
  #refresh: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal, options: TerminalOptions) {
    this.#terminal = terminal;
    this.#options = options;
  }

  show(services: readonly Service[]): void {
    this.#services = services;
    this.#terminal.write(HIDE_CURSOR);
    this.#refresh = setInterval(() => this.redraw(), REFRESH_MS);
    this.redraw();
  }

  changed(): void {
    this.#pending ??= setImmediate(() => this.redraw());
  }

  line(service: Service, line: string, stream: "stdout" | "stderr"): void {
    const read = readLogLine(nameOf(service), line);
    if (stream === "stdout" && !this.#options.verbose && !isLoud(read)) return;
    this.#draw(`${this.#paint(read.level, read.text)}\n`);
  }

  ready(): void {
    this.#footer = `open ${pagesOf(this.#services)}; Ctrl-C stops it`;
    this.changed();
  }

  /** Draws the table anew, as after the terminal was resized. */
  redraw(): void {
    this.#draw("");
  }

  close(): void {
    clearInterval(this.#refresh);
    this.#footer = "";
    this.redraw();
    this.#terminal.write(SHOW_CURSOR);
  }

  /** One write for everything, so that nothing flickers. */
  #draw(above: string): void {
    if (this.#pending !== undefined) clearImmediate(this.#pending);
    this.#pending = undefined;
    const { columns: width, rows } = this.#terminal;
    // One column and two lines are left free: a full line or a full screen would scroll.
    const style = { width: width - 1, height: Math.max(3, rows - 3), colours: this.#options.colours };
    const lines = renderTable(this.#services, style, performance.now());
    if (this.#footer !== "") lines.push(this.#footer.slice(0, style.width));
    const back = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : "";
    this.#terminal.write(`${back}\r${ERASE_BELOW}${above}${lines.join("\n")}\n`);
    this.#drawn = lines.length;
  }

  #paint(level: string, text: string): string {
    if (!this.#options.colours) return text;
    const colour = level === "error" || level === "fatal" ? "red" : level === "warn" ? "yellow" : "gray";
    return styleText(colour, text, { validateStream: false });
  }
}

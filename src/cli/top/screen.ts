import { visible } from "../../runtime/visible.ts";
import type { Picture } from "../status/picture.ts";
import { renderCluster } from "../status/table.ts";

/** Another page of the terminal, so that what was there before is there again afterwards. */
const OPEN = "\x1b[?1049h\x1b[?25l";
const CLOSE = "\x1b[?25h\x1b[?1049l";
const HOME = "\x1b[H";
const ERASE_LINE = "\x1b[K";
const ERASE_BELOW = "\x1b[J";
const CTRL_C = "\u0003";

/** What of the terminal is used: `process.stdout` has it. */
export interface Output {
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  on(event: "resize", listener: () => void): unknown;
  off(event: "resize", listener: () => void): unknown;
}

/** What of the keyboard is used: `process.stdin` has it. */
export interface Input {
  readonly isTTY?: boolean;
  setRawMode?(mode: boolean): unknown;
  resume(): unknown;
  pause(): unknown;
  on(event: "data", listener: (chunk: Buffer | string) => void): unknown;
  off(event: "data", listener: (chunk: Buffer | string) => void): unknown;
}

/** The terminal while `scc top` has it: drawn in place, quit by `q` or Ctrl-C, and as it was afterwards. */
export class Screen {
  readonly #output: Output;
  readonly #input: Input;
  readonly #colours: boolean;
  #picture: Picture | undefined;
  #trouble: string | undefined;
  #quit: (() => void) | undefined;

  constructor(output: Output, input: Input, colours: boolean) {
    this.#output = output;
    this.#input = input;
    this.#colours = colours;
  }

  open(quit: () => void): void {
    this.#quit = quit;
    this.#output.write(OPEN);
    this.#output.on("resize", this.#draw);
    if (this.#input.isTTY) this.#input.setRawMode?.(true);
    this.#input.on("data", this.#pressed);
    this.#input.resume();
    this.#draw();
  }

  show(picture: Picture): void {
    this.#picture = picture;
    this.#trouble = undefined;
    this.#draw();
  }

  lost(reason: string): void {
    this.#trouble = reason;
    this.#draw();
  }

  close(): void {
    if (this.#quit === undefined) return;
    this.#quit = undefined;
    this.#output.off("resize", this.#draw);
    this.#input.off("data", this.#pressed);
    if (this.#input.isTTY) this.#input.setRawMode?.(false);
    this.#input.pause();
    this.#output.write(CLOSE);
  }

  readonly #pressed = (chunk: Buffer | string): void => {
    const keys = chunk.toString();
    if (keys.includes("q") || keys.includes("Q") || keys.includes(CTRL_C)) this.#quit?.();
  };

  /** One write for everything, so that nothing flickers. */
  readonly #draw = (): void => {
    if (this.#quit === undefined) return;
    const { columns = 80, rows = 24 } = this.#output;
    const style = { width: columns, height: Math.max(4, rows - 2), colours: this.#colours };
    const lines =
      this.#picture === undefined ? ["Looking for the cluster"] : renderCluster(this.#picture, style);
    const trouble =
      this.#trouble && `scc-state cannot be reached (${visible(this.#trouble)}); trying again. `;
    const foot = `${trouble ?? ""}q quits`.slice(0, columns);
    const text = [...lines, "", foot].slice(0, rows).join(`${ERASE_LINE}\r\n`);
    this.#output.write(`${HOME}${text}${ERASE_LINE}${ERASE_BELOW}`);
  };
}

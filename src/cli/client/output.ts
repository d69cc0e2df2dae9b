/** What of a stream is used: `process.stdout` has it. */
export interface OutputStream {
  readonly isTTY?: boolean;
  write(text: string, done?: () => void): unknown;
  on(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** Standard output by the line, which may be a pipe that its reader closes: `scc sub news | head -1`. */
export class Output {
  readonly #stream: OutputStream;
  readonly #closed = new AbortController();

  constructor(stream: OutputStream) {
    this.#stream = stream;
    stream.on("error", (error) => this.#closed.abort(error));
  }

  /** Aborted when nobody reads any more; its reason is the stream's error. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Whether it ended in a way that its reader did not wish: a full disk. */
  get failure(): NodeJS.ErrnoException | undefined {
    if (!this.closed.aborted) return undefined;
    const error = this.closed.reason as NodeJS.ErrnoException;
    return error.code === "EPIPE" ? undefined : error;
  }

  line(text: string): void {
    if (!this.closed.aborted) this.#stream.write(`${text}\n`);
  }

  /** Resolves when everything is written: a process that ends must not cut off what a pipe has not taken yet. */
  async flush(): Promise<void> {
    if (this.closed.aborted) return;
    await new Promise<void>((resolve) => {
      this.closed.addEventListener("abort", () => resolve(), { once: true });
      this.#stream.write("", () => resolve());
    });
  }
}

/** Whether a stream is shown in colours: on terminals, unless the environment says that they are not wanted. */
export function hasColours(
  { isTTY }: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
}

/** JSON on one line in which nothing steers a terminal: JSON itself escapes all but these. */
export function json(value: unknown): string {
  const text = JSON.stringify(value) ?? "null";
  return text.replace(/[\u007f-\u009f]/g, escaped);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STEERING = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** A text on one line in which nothing steers a terminal. */
export function oneLine(text: string): string {
  return text.replace(STEERING, (character) => SHORT.get(character) ?? escaped(character));
}

const SHORT: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\t"],
]);

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

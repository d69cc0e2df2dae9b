import { visibleJson } from "../../runtime/visible.ts";

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

/** JSON on one line in which nothing steers a terminal. */
export function json(value: unknown): string {
  return visibleJson(JSON.stringify(value) ?? "null");
}

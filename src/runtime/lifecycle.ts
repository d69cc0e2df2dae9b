import { setTimeout as after } from "node:timers/promises";
import type { Logger } from "./log.ts";

interface Opened {
  readonly name: string;
  readonly close: () => Promise<void> | void;
}

/** What a process has opened, to be closed in the opposite order. */
export class Lifecycle {
  readonly #opened: Opened[] = [];
  readonly #log: Logger;
  #closing: Promise<boolean> | undefined;
  #deadline = Infinity;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Whether closing has begun. */
  get closing(): boolean {
    return this.#closing !== undefined;
  }

  /** How long closing may still take, ms; `Infinity` before it has begun. */
  get remainingMs(): number {
    return Math.max(0, this.#deadline - performance.now());
  }

  /** Registers what must be closed at the end. */
  opened(name: string, close: () => Promise<void> | void): void {
    this.#opened.push({ name, close });
  }

  /**
   * Closes everything, last opened first. One that fails does not keep the others open.
   * Calling again joins the close under way.
   *
   * @returns whether all closed cleanly within `deadlineMs`
   */
  close(deadlineMs: number): Promise<boolean> {
    if (this.#closing === undefined) {
      this.#deadline = performance.now() + deadlineMs;
      this.#closing = Promise.race([this.#closeAll(), after(deadlineMs, false)]);
    }
    return this.#closing;
  }

  async #closeAll(): Promise<boolean> {
    let clean = true;
    for (const { name, close } of this.#opened.toReversed()) {
      try {
        await close();
      } catch (error) {
        clean = false;
        this.#log.error("could not close", { name, error });
      }
    }
    return clean;
  }
}

/**
 * Sits out the time in which load balancers notice that this process goes. Everything is served as before, but probes
 * say that it is not ready, and answers end their connections.
 */
export async function beLameDuck(
  ms: number,
  connections: { endAfterAnswers(): void },
  log: Logger,
): Promise<void> {
  connections.endAfterAnswers();
  if (ms === 0) return;
  log.info("still serves, while load balancers notice that it stops", { ms });
  await after(ms);
}

/**
 * Ends the process gracefully on SIGTERM, SIGINT, or when the parent that holds an IPC channel to it is
 * gone (a killed `scc up` leaves nothing behind). A second signal forces the end, unless it comes within half
 * a second: a terminal sends Ctrl-C to the whole group, and `scc up` passes it on.
 *
 * Exit codes: 0 closed cleanly, 1 something did not close in time, 130 forced.
 *
 * @returns ends the process gracefully, unless that is under way already: it is never a second signal
 */
export function closeOnSignals(life: Lifecycle, log: Logger, deadlineMs: number): (cause: string) => void {
  let startedAt: number | undefined;
  const end = (cause: string): void => {
    if (startedAt !== undefined) {
      if (performance.now() - startedAt < SAME_WISH_MS) return;
      log.warn("forced to stop", { cause });
      process.exit(130);
    }
    startedAt = performance.now();
    log.info("stopping", { cause });
    void life.close(deadlineMs).then((clean) => {
      if (!clean) log.error("could not stop cleanly", { deadlineMs });
      process.exit(clean ? 0 : 1);
    });
  };
  process.on("SIGTERM", () => end("SIGTERM"));
  process.on("SIGINT", () => end("SIGINT"));
  const endOnce = (cause: string): void => {
    if (startedAt === undefined) end(cause);
  };
  if (process.channel) {
    process.on("disconnect", () => endOnce("parent is gone"));
    // The channel is only a life line: it must not keep a process alive that has nothing else to do.
    process.channel.unref();
  }
  return endOnce;
}

/** Signals closer together than this are one wish to stop, told twice. */
const SAME_WISH_MS = 500;

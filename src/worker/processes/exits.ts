import { Backoff } from "../../runtime/backoff.ts";

/** How a process ended: by itself with a code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that served for so long was well: its death is then the first again, not one more in a row. */
export const WELL_AFTER_MS = 10_000;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

/** When a process that died gets a successor: at once, but later and later if they die quickly, one after another. */
export class Pauses {
  readonly #backoff: Backoff;

  /** @param random from 0 to 1 */
  constructor(random: () => number) {
    this.#backoff = new Backoff(FIRST_PAUSE_MS, LONGEST_PAUSE_MS, random);
  }

  /**
   * Counts a death, and says how long to wait, in ms.
   *
   * @param servedMs how long the process had served; 0 if it never did
   */
  next(servedMs: number): number {
    if (servedMs >= WELL_AFTER_MS) this.#backoff.reset();
    const isFirst = this.#backoff.attempts === 0;
    const pause = Math.round(this.#backoff.next());
    return isFirst ? 0 : pause;
  }
}

/** "exit code 1", "SIGKILL". */
export function describeExit({ code, signal }: Exit): string {
  if (signal !== null) return signal;
  return code === null ? "could not be started" : `exit code ${code}`;
}

/** Why a process that was to go on may have ended so, and what an operator can do. */
export function adviceOn({ code, signal }: Exit): string {
  if (code === null && signal === null)
    return "the system allows no more processes or memory: raise its limits, or run fewer with SCC_WORKER_PROCESSES";
  if (signal === "SIGKILL")
    return "killed from outside, most often because memory ran out: see the system's log, give it more or run fewer processes";
  if (signal === "SIGABRT" || code === 134)
    return "Node.js gave up, most often because its heap was full: see its last lines; NODE_OPTIONS=--max-old-space-size=<MB> allows more";
  if (signal === "SIGSEGV" || signal === "SIGBUS" || signal === "SIGILL")
    return "it crashed in native code: see which native modules the application loads";
  if (signal !== null || code === 0)
    return "it was told to end by itself, or the application called process.exit(): signal the primary to stop the worker";
  if (code === 2) return "its configuration or its module is refused by now: see its last lines";
  return "an error ended it: see its last lines";
}

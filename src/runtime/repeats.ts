import type { Clock } from "./clock.ts";

/** How often the same message is said in a window. */
const MOST = 10;
const WINDOW_MS = 10_000;
/** Messages are constants of the code: more of them are not kept apart. */
const MOST_MESSAGES = 1000;

interface Window {
  said: number;
  suppressed: number;
}

/**
 * Bounds how often the log says the same: ten times in ten seconds, and at the end of them how often it was not said.
 * Whoever can cause a line, as by a wrong key, must not be able to fill a disk.
 */
export class Repeats {
  readonly #clock: Clock;
  readonly #ended: (message: string, suppressed: number) => void;
  readonly #windows = new Map<string, Window>();

  /** @param ended told at the end of a window how often a message was not said, if it was */
  constructor(clock: Clock, ended: (message: string, suppressed: number) => void) {
    this.#clock = clock;
    this.#ended = ended;
  }

  /** Whether a message is to be said now. */
  maySay(message: string): boolean {
    const key = this.#windows.size < MOST_MESSAGES || this.#windows.has(message) ? message : "other messages";
    const window = this.#windows.get(key) ?? this.#open(key);
    if (window.said < MOST) {
      window.said += 1;
      return true;
    }
    window.suppressed += 1;
    return false;
  }

  #open(key: string): Window {
    const window = { said: 0, suppressed: 0 };
    this.#windows.set(key, window);
    this.#clock.after(WINDOW_MS, () => {
      this.#windows.delete(key);
      if (window.suppressed > 0) this.#ended(key, window.suppressed);
    });
    return window;
  }
}

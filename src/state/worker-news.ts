import type { Clock } from "../runtime/clock.ts";
import type { MemberConnection } from "./member-connection.ts";

/** How long nobody is told of further changes at least, ms; */
const PAUSE_MS = 1000;
/** and for each of those who are told, since what is told grows with them as well, ms. */
const PAUSE_EACH_MS = 10;

/**
 * Tells which workers there are: a change at once, and those that follow it together. Many who come at once would
 * otherwise each cause a list of all of them to all of them. Pure: the clock is handed in.
 */
export class WorkerNews {
  readonly #clock: Clock;
  readonly #uris: () => readonly string[];
  readonly #members: ReadonlyMap<string, MemberConnection>;
  #told = "";
  #isPausing = false;
  #isDue = false;

  /**
   * @param uris the workers of the cluster
   * @param members all that may want to know, by instance
   */
  constructor(clock: Clock, uris: () => readonly string[], members: ReadonlyMap<string, MemberConnection>) {
    this.#clock = clock;
    this.#uris = uris;
    this.#members = members;
  }

  /** Workers may have come or gone. @returns whether all were told just now */
  changed(): boolean {
    this.#isDue = true;
    return !this.#isPausing && this.#tell();
  }

  #tell(): boolean {
    this.#isDue = false;
    const list = this.#uris();
    const text = list.join();
    if (text === this.#told) return false;
    this.#told = text;
    this.#isPausing = true;
    for (const member of this.#members.values()) member.workersChanged?.(list);
    this.#clock.after(Math.max(PAUSE_MS, this.#members.size * PAUSE_EACH_MS), () => {
      this.#isPausing = false;
      if (this.#isDue) this.#tell();
    });
    return true;
  }
}

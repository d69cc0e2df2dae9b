import type { Timer } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";
import type { Connection } from "../server/connection.ts";
import type { ServerCore } from "../server/core.ts";
import { Dismissal } from "../server/drain/dismissal.ts";

export interface EvacuationOptions {
  readonly core: Pick<ServerCore, "clock" | "open">;
  /** Clients told to go per second. */
  readonly perSecond: number;
  /** How long the trouble has to last before anybody is told, ms. */
  readonly suspectMs: number;
  readonly log: Logger;
}

const STEP_MS = 50;

/**
 * Sends clients elsewhere while this worker cannot use a broker that all others can: what is wrong is wrong here, and
 * they would wait here for messages that others get. Only those go that were here when the trouble began, each once:
 * who comes back finds no other worker, and is left alone. It ends with the trouble.
 */
export class Evacuation {
  readonly #options: EvacuationOptions;
  readonly #dismissal = new Dismissal();
  #aloneWith: readonly string[] = [];
  #hasSaid = false;
  /** Those who were here when the trouble began, and have not been told; absent: there is none. */
  #here: Connection[] | undefined;
  #since = 0;
  #lastStep = 0;
  #budget = 0;
  #timer: Timer | undefined;
  #count = 0;

  constructor(options: EvacuationOptions) {
    this.#options = options;
  }

  /** Clients sent elsewhere since the start. */
  get count(): number {
    return this.#count;
  }

  /** The brokers that this worker cannot use, and all others can: replaces what was said before. */
  alone(brokers: readonly string[]): void {
    this.#aloneWith = brokers;
    const { core } = this.#options;
    const isTrouble = brokers.length > 0;
    if (isTrouble === (this.#here !== undefined)) return;
    if (!isTrouble) {
      this.#here = undefined;
      return;
    }
    this.#here = [...core.open.values()];
    this.#since = core.clock.now();
    this.#lastStep = this.#since;
    this.#budget = 0;
    this.#hasSaid = false;
    this.#timer ??= core.clock.every(STEP_MS, () => this.#step());
  }

  /** The worker stops: whoever is here is parted with in another way. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#here = undefined;
  }

  #step(): void {
    const { clock } = this.#options.core;
    const { suspectMs, perSecond } = this.#options;
    const now = clock.now();
    // Nothing is made up for where a step comes late: in no second more would be told than in any other.
    const elapsed = Math.min(now - this.#lastStep, STEP_MS);
    this.#lastStep = now;
    if (this.#here !== undefined && now - this.#since < suspectMs) return;
    if (this.#here !== undefined) this.#say(this.#here.length);
    this.#budget += (perSecond * elapsed) / 1000;
    const due = Math.floor(this.#budget);
    this.#budget -= due;
    const told = this.#dismissal.tellLeaving(due);
    for (const connection of this.#here?.splice(0, due - told) ?? []) {
      if (connection.state === "closed") continue;
      this.#count += 1;
      this.#dismissal.ask(connection);
    }
    // Who is not heard any more has to be told, also when the trouble is over.
    if (this.#here !== undefined || this.#dismissal.leavingCount > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #say(clients: number): void {
    if (this.#hasSaid || clients === 0) return;
    this.#hasSaid = true;
    this.#options.log.warn("cannot use brokers that all others can: sending clients elsewhere", {
      brokers: this.#aloneWith,
      clients,
    });
  }
}

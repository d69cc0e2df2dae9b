import type { Connection } from "../connection.ts";
import type { ServerCore } from "../core.ts";
import { Dismissal } from "./dismissal.ts";

export interface DrainOptions {
  /** Clients told to go per second; the deadline may ask for more. */
  readonly perSecond: number;
  /** By then, in ms, all are gone: those still there are cut off. */
  readonly deadlineMs: number;
}

const STEP_MS = 50;
/** Of the time until the deadline, what is kept for the last ones to go: 1/5. */
const RESERVE = 5;
/** Of the time until the deadline, what is left when those are told too whose publishes are still not settled: 1/10. */
const LAST_CALL = 10;
/** Steps are added up in fractions of clients. */
const ROUNDING = 1e-9;

/** How many clients can be told to go in time at the rate that is asked for. */
export function drainCapacity({ perSecond, deadlineMs }: DrainOptions): number {
  return Math.floor((perSecond * tellingMs(deadlineMs)) / 1000);
}

/** How long clients are told to go at the rate that is asked for. */
function tellingMs(deadlineMs: number): number {
  return deadlineMs - deadlineMs / RESERVE;
}

/**
 * Parts with all clients, a few at a time, so that the servers they turn to are not overrun: new ones are
 * refused (503), and those here are closed without a code, on which they connect elsewhere at once. One whose
 * publishes are not settled yet is heard no more, and closed when it has its acknowledgements.
 *
 * @returns once all are gone
 */
export function drain(core: ServerCore, options: DrainOptions): Promise<void> {
  core.accepting = false;
  for (const socket of core.undecided) socket.destroy();
  const farewell = new Farewell(core, options);
  return new Promise((resolve) => {
    const step = (): void => {
      farewell.step();
      if (core.socketCount > 0) return;
      timer.cancel();
      resolve();
    };
    const timer = core.clock.every(STEP_MS, step);
    step();
  });
}

class Farewell {
  readonly #core: ServerCore;
  readonly #perMs: number;
  readonly #deadlineMs: number;
  readonly #start: number;
  #last: number;
  /** Clients that may be told now. */
  #budget = 0;
  readonly #dismissal = new Dismissal();

  constructor(core: ServerCore, { perSecond, deadlineMs }: DrainOptions) {
    this.#core = core;
    this.#perMs = perSecond / 1000;
    this.#deadlineMs = deadlineMs;
    this.#start = core.clock.now();
    this.#last = this.#start - STEP_MS;
  }

  step(): void {
    const now = this.#core.clock.now();
    const elapsed = now - this.#start;
    const due = this.#due(elapsed, now - this.#last);
    this.#last = now;
    this.#tellSettled(due);
    const left = this.#deadlineMs - elapsed;
    if (left <= this.#deadlineMs / LAST_CALL) for (const connection of this.#all()) connection.sendAway();
    if (left <= 0) for (const connection of this.#core.closing) connection.terminate();
  }

  /** How many may be told in this step: by the rate, or more of them where the time would not do. */
  #due(elapsed: number, since: number): number {
    const { open, pending } = this.#core;
    const rest = tellingMs(this.#deadlineMs) - elapsed;
    if (rest <= 0) return Infinity;
    const perMs = Math.max(this.#perMs, (open.size + pending.size) / (rest + STEP_MS));
    // Nothing is made up for where a step comes late: in no second more would be told than in any other.
    this.#budget += perMs * Math.min(since, STEP_MS);
    const due = Math.floor(this.#budget + ROUNDING);
    // Also where fewer can be told: they would all be told in one step later.
    this.#budget -= due;
    return due;
  }

  #tellSettled(due: number): void {
    let asked = this.#dismissal.tellLeaving(due);
    for (const connection of this.#all()) {
      if (asked >= due) return;
      if (this.#dismissal.has(connection)) continue;
      asked += 1;
      this.#dismissal.ask(connection);
    }
  }

  *#all(): Iterable<Connection> {
    yield* this.#core.open.values();
    yield* this.#core.pending.values();
  }
}

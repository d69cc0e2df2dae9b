import type { Clock, Timer } from "../../src/runtime/clock.ts";

interface Due {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that a test turns. Tasks run in the order they are due; those due together, in the order they came. */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  #due: Due[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): Timer {
    this.#order += 1;
    const due = { at: this.#now + ms, order: this.#order, task };
    this.#due.push(due);
    return { cancel: () => this.#remove(due) };
  }

  every(ms: number, task: () => void): Timer {
    let timer: Timer;
    const again = (): void => {
      timer = this.after(ms, again);
      task();
    };
    timer = this.after(ms, again);
    return { cancel: () => timer.cancel() };
  }

  /** Lets `ms` go by in which nothing runs; what fell due runs, once each, when it goes on. */
  standStill(ms: number): void {
    this.#now += ms;
  }

  /** Lets `ms` go by, running everything that falls due meanwhile. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#remove(next);
      this.#now = Math.max(this.#now, next.at);
      next.task();
    }
    this.#now = end;
  }

  #next(end: number): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#due) {
      if (due.at > end) continue;
      if (first === undefined || due.at < first.at || (due.at === first.at && due.order < first.order))
        first = due;
    }
    return first;
  }

  #remove(due: Due): void {
    this.#due = this.#due.filter((each) => each !== due);
  }
}

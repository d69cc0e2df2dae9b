type Task = () => void;

/**
 * Work on what clients sent in one turn of the event loop, ms. What begins within it is finished, which takes some
 * 0.1 s at worst (1 MiB of JSON); the rest waits for later turns, and heartbeats, links and timers have theirs between.
 */
export const TURN_BUDGET_MS = 5;
/** Each message counts as this many bytes, however short it is. */
const MESSAGE_BYTES = 1_024;
/** The clock is looked at once in so many bytes: after 64 small messages, or before one that is large. */
const BYTES_PER_LOOK = 64 * MESSAGE_BYTES;

/** What a budget needs of its surroundings. */
export interface TurnTimes {
  /** The time in ms. */
  now(): number;
  /** Calls back when the turn is over. */
  schedule(run: Task): void;
  /** Calls back after so many ms. */
  after(ms: number, task: Task): void;
}

/** @param now the time in ms */
export function turnTimes(now: () => number): TurnTimes {
  return { now, schedule: setImmediate, after: (ms, task) => void setTimeout(task, ms) };
}

/**
 * How much of a turn of the event loop goes to what clients sent, over all of them. Whoever finds it spent waits, and
 * goes on in a later turn in the order of waiting: first those with little to do, as far as there is time, then one
 * with a large message, whether there is or not, so that neither can keep the other from its turn. After a large one that
 * took more than the budget, large ones rest for as long as it took. A message that finds the budget unspent costs a
 * subtraction.
 */
export class TurnBudget {
  readonly #times: TurnTimes;
  readonly #budgetMs: number;
  #waiting: Task[] = [];
  readonly #waitingLarge: Task[] = [];
  /** Whether the next large message may begin in any case. */
  #isGranted = false;
  #bytesLeft = BYTES_PER_LOOK;
  #isSpent = false;
  /** When the turn's work was first looked at. */
  #began = 0;
  /** When the first large message of the turn began. */
  #largeBegan: number | undefined;
  /** Until when large ones rest. */
  #largeFrom = 0;
  #isArmed = false;
  #isTimed = false;
  /** Whether timers had their time since the budget was spent. */
  #isLate = false;

  constructor(times: TurnTimes, budgetMs: number = TURN_BUDGET_MS) {
    this.#times = times;
    this.#budgetMs = budgetMs;
  }

  /** Whether there are others who wait for their turn. */
  get isAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether work on so many bytes may begin in this turn. Who is told no must `wait`, and ask again. */
  take(bytes: number): boolean {
    if (bytes >= BYTES_PER_LOOK) return this.#takeLarge();
    if (this.#isSpent) return false;
    this.#bytesLeft -= MESSAGE_BYTES + bytes;
    return this.#bytesLeft > 0 || this.#look();
  }

  /**
   * Calls `task` once in a later turn; or in this one, after all others that wait, if it has time left.
   *
   * @param bytes what it has to do
   */
  wait(task: Task, bytes = 0): void {
    if (bytes < BYTES_PER_LOOK) this.#waiting.push(task);
    else this.#waitingLarge.push(task);
    this.#arm();
  }

  #takeLarge(): boolean {
    if (!this.#isGranted) {
      if (this.#isSpent || this.#waitingLarge.length > 0 || !this.#look()) return false;
      if (this.#times.now() < this.#largeFrom) return false;
    }
    this.#isGranted = false;
    this.#largeBegan ??= this.#times.now();
    this.#bytesLeft = 0; // whoever is next looks at the clock
    return true;
  }

  #look(): boolean {
    this.#bytesLeft = BYTES_PER_LOOK;
    this.#arm();
    this.#isSpent = this.#times.now() - this.#began > this.#budgetMs;
    return !this.#isSpent;
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#isLate = false;
    this.#began = this.#times.now();
    this.#times.schedule(this.#run);
  }

  readonly #run = (): void => {
    const now = this.#times.now();
    this.#isSpent ||= now - this.#began > this.#budgetMs;
    if (this.#isSpent && !this.#isLate) {
      // What sockets brought has spent it, and Node.js comes here before it looks at timers: not now.
      this.#isLate = true;
      this.#times.schedule(this.#run);
      return;
    }
    this.#isArmed = false;
    this.#isSpent = false;
    this.#restAfterLarge(now);
    const isLargeDue = this.#waitingLarge.length > 0 && now >= this.#largeFrom;
    if (this.#waiting.length === 0 && !isLargeDue) {
      if (this.#waitingLarge.length > 0) this.#armLater(this.#largeFrom - now);
      return;
    }
    this.#arm();
    this.#isLate = true;
    this.#runSmall();
    if (isLargeDue) this.#runLarge();
  };

  #runSmall(): void {
    // What a task adds is looked at in this turn, too, as long as there is time.
    let done = 0;
    try {
      while (done < this.#waiting.length && this.#times.now() - this.#began <= this.#budgetMs) {
        const task = this.#waiting[done] as Task;
        done += 1;
        task();
      }
    } finally {
      this.#waiting = this.#waiting.slice(done);
    }
  }

  #runLarge(): void {
    this.#isGranted = true;
    this.#largeBegan = this.#times.now();
    try {
      this.#waitingLarge.shift()?.();
    } finally {
      this.#isGranted = false;
    }
  }

  #restAfterLarge(now: number): void {
    const took = this.#largeBegan === undefined ? 0 : now - this.#largeBegan;
    if (took > this.#budgetMs) this.#largeFrom = now + took;
    this.#largeBegan = undefined;
  }

  #armLater(ms: number): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#times.after(ms, () => {
      this.#isTimed = false;
      this.#arm();
    });
  }
}

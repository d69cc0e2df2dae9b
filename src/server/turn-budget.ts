type Task = () => void;

/**
 * Work on what clients sent in one turn of the event loop, ms. What begins within it is finished, which takes some
 * 0.1 s at worst (1 MiB of JSON); the rest waits for later turns, and heartbeats, links and timers have theirs between.
 */
export const TURN_BUDGET_MS = 20;
/** Each message counts as this many bytes, however short it is. */
const MESSAGE_BYTES = 1_024;
/** The clock is looked at once in so many bytes: after 64 small messages, or before one that is large. */
const BYTES_PER_LOOK = 64 * MESSAGE_BYTES;

/**
 * How much of a turn of the event loop goes to what clients sent, over all of them. Whoever finds it spent waits, and
 * goes on in a later turn in the order of waiting: first those with little to do, as far as there is time, then one
 * with a large message, whether there is or not, so that neither can keep the other from its turn. A message that finds
 * the budget unspent costs a subtraction.
 */
export class TurnBudget {
  readonly #now: () => number;
  readonly #schedule: (run: Task) => void;
  readonly #budgetMs: number;
  #waiting: Task[] = [];
  readonly #waitingLarge: Task[] = [];
  /** Whether the next large message may begin in any case. */
  #isGranted = false;
  #bytesLeft = BYTES_PER_LOOK;
  #isSpent = false;
  /** When the turn's work was first looked at. */
  #began = 0;
  #isArmed = false;

  /**
   * @param now the time in ms
   * @param schedule how to be called back when the turn is over; `setImmediate` unless a test decides
   */
  constructor(
    now: () => number,
    schedule: (run: Task) => void = setImmediate,
    budgetMs: number = TURN_BUDGET_MS,
  ) {
    this.#now = now;
    this.#schedule = schedule;
    this.#budgetMs = budgetMs;
  }

  /** Whether there are others who wait for their turn. */
  get isAwaited(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether work on so many bytes may begin in this turn. Who is told no must `wait`, and ask again. */
  take(bytes: number): boolean {
    if (this.#isGranted && bytes >= BYTES_PER_LOOK) {
      this.#isGranted = false;
      this.#bytesLeft = 0;
      return true;
    }
    if (this.#isSpent) return false;
    this.#bytesLeft -= MESSAGE_BYTES + bytes;
    return this.#bytesLeft > 0 || this.#look(bytes);
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

  #look(bytes: number): boolean {
    // After a large one the next looks again.
    this.#bytesLeft = bytes < BYTES_PER_LOOK ? BYTES_PER_LOOK : 0;
    const now = this.#now();
    if (!this.#isArmed) {
      this.#began = now;
      this.#arm();
    }
    this.#isSpent = now - this.#began > this.#budgetMs;
    return !this.#isSpent;
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#schedule(this.#run);
  }

  readonly #run = (): void => {
    this.#isArmed = false;
    this.#isSpent = false;
    if (this.#waiting.length === 0 && this.#waitingLarge.length === 0) return;
    this.#began = this.#now();
    this.#arm();
    this.#runSmall();
    this.#isGranted = true;
    this.#waitingLarge.shift()?.();
    this.#isGranted = false;
  };

  #runSmall(): void {
    // What a task adds is looked at in this turn, too, as long as there is time.
    let done = 0;
    try {
      while (done < this.#waiting.length && this.#now() - this.#began <= this.#budgetMs) {
        const task = this.#waiting[done] as Task;
        done += 1;
        task();
      }
    } finally {
      this.#waiting = this.#waiting.slice(done);
    }
  }
}

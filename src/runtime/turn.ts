type Task = () => void;

/**
 * The end of the current turn of the event loop, when everything that the turn gathered is sent at once.
 *
 * A turn handles all the messages that sockets had ready; what they cause is collected and goes out with
 * one write per connection. Stages run in this order, and a stage sees what an earlier one added:
 * `deliver` (publications to their subscribers), then `write` (bytes to sockets and links).
 * Nothing waits longer than the turn, so latency at low rates does not grow.
 */
export class Turn {
  readonly #schedule: (run: Task) => void;
  #deliver: Task[] = [];
  #write: Task[] = [];
  #scheduled = false;
  #over: Promise<void> | undefined;

  /** @param schedule how to be called back when the turn is over; `setImmediate` unless a test decides */
  constructor(schedule: (run: Task) => void = setImmediate) {
    this.#schedule = schedule;
  }

  /** Runs `task` once when the turn ends. Whoever adds it keeps track, so as not to add it twice. */
  deliver(task: Task): void {
    this.#deliver.push(task);
    if (!this.#scheduled) this.#arm();
  }

  /** Runs `task` once when the turn ends, after everything was delivered. */
  write(task: Task): void {
    this.#write.push(task);
    if (!this.#scheduled) this.#arm();
  }

  /** Resolves when the turn is over; one promise for all who wait for it. */
  over(): Promise<void> {
    this.#over ??= new Promise((resolve) => {
      this.#schedule(() => {
        this.#over = undefined;
        resolve();
      });
    });
    return this.#over;
  }

  #arm(): void {
    this.#scheduled = true;
    this.#schedule(this.#run);
  }

  readonly #run = (): void => {
    try {
      const deliver = this.#deliver;
      this.#deliver = [];
      runAll(deliver, this.#deliver);
      const write = this.#write;
      this.#write = [];
      runAll(write, this.#write);
    } finally {
      // What the tasks added meanwhile belongs to the next turn. Also after a fault: applications may carry on
      // after an uncaught exception, and must not find a process that is mute.
      this.#scheduled = false;
      if (this.#deliver.length > 0 || this.#write.length > 0) this.#arm();
    }
  };
}

/** @param next takes the tasks behind one that throws: they are of others, who must not wait for ever */
function runAll(tasks: readonly Task[], next: Task[]): void {
  let done = 0;
  try {
    for (const task of tasks) {
      done += 1;
      task();
    }
  } finally {
    for (; done < tasks.length; done++) next.push(tasks[done] as Task);
  }
}

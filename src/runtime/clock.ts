/** A timer that can be called off. Calling it off twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time as the logic sees it: handed in, so that a test or a simulation can turn it. */
export interface Clock {
  /** Milliseconds since some moment; only ever grows, whatever the wall clock does. */
  now(): number;
  /** Calls `task` once, `ms` from now at the earliest. */
  after(ms: number, task: () => void): Timer;
  /** Calls `task` every `ms`, until called off. */
  every(ms: number, task: () => void): Timer;
}

/** The process's own monotonic clock. Its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
  every(ms, task) {
    const timer = setInterval(task, ms).unref();
    return { cancel: () => clearInterval(timer) };
  },
};

import { Worker } from "node:worker_threads";

/**
 * Wakes a generator in time for the next publication. Timers of the event loop are exact to a millisecond,
 * which would show as latency of the server; a thread that waits for nothing else is exact to a fraction of it.
 */
export class Metronome {
  readonly #flags = new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));
  readonly #thread: Worker;
  #isAsleep = false;

  /** @param wake called once for each `sleep` */
  constructor(wake: () => void) {
    this.#thread = new Worker(THREAD, { eval: true, workerData: this.#flags, execArgv: [] });
    this.#thread.unref();
    this.#thread.on("message", () => {
      this.#isAsleep = false;
      wake();
    });
  }

  /** Whether a call is still to come. */
  get isAsleep(): boolean {
    return this.#isAsleep;
  }

  /** Calls `wake` after so many µs, or a little later. Must not be asleep. */
  sleep(us: number): void {
    this.#isAsleep = true;
    this.#flags[SLEEP_US] = Math.min(us, LONGEST_US);
    Atomics.store(this.#flags, ASKED, 1);
    Atomics.notify(this.#flags, ASKED);
  }

  async end(): Promise<void> {
    await this.#thread.terminate();
  }
}

const ASKED = 0;
const SLEEP_US = 1;
/** Never changes: whoever waits for that waits for the time to pass. */
const NEVER = 2;
const LONGEST_US = 1_000_000_000;

/** Text, not a file, because a thread cannot be started from TypeScript when the tests run. */
const THREAD = `
  const { parentPort, workerData: flags } = require("node:worker_threads");
  for (;;) {
    Atomics.wait(flags, ${ASKED}, 0);
    Atomics.store(flags, ${ASKED}, 0);
    Atomics.wait(flags, ${NEVER}, 0, flags[${SLEEP_US}] / 1000);
    parentPort.postMessage(undefined);
  }`;

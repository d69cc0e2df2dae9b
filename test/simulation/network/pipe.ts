import type { Process } from "../process.ts";
import type { Random } from "../random.ts";
import type { Scheduler } from "../scheduler.ts";

/** What one direction of a connection carries. */
export interface Parcel {
  readonly bytes: number;
  /** Runs as code of the receiving process. */
  readonly arrive: () => void;
}

export interface PipeOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly from: Process;
  readonly to: Process;
  /** Least time that a parcel takes, ms. */
  readonly delay: number;
  /** Whether nothing gets from the one host to the other now. */
  readonly isBlocked: () => boolean;
  /** The receiving process is no more, and its host says so. */
  readonly unwanted: () => void;
}

/** What a kernel takes for a connection before the process has to keep the rest, bytes. */
const KERNEL_BYTES = 256 * 1024;

/**
 * One direction of a connection: parcels arrive in order, each after some time. It can stall (what waits goes
 * on later, as TCP sends again), swallow (nothing arrives any more, and nobody is told) or break.
 */
export class Pipe {
  readonly #options: PipeOptions;
  /** What is on its way, in order: whatever arrives is the first of them. */
  #parcels: Parcel[] = [];
  /** How many should have arrived, and are held. */
  #late = 0;
  #bytes = 0;
  #lastArrival = 0;
  #stalledUntil = 0;
  #isBroken = false;
  #swallows = false;
  #extraDelay = 0;

  constructor(options: PipeOptions) {
    this.#options = options;
  }

  /** Bytes that the sending process still has to keep. */
  get bufferedBytes(): number {
    return Math.max(0, this.#bytes - KERNEL_BYTES);
  }

  send(parcel: Parcel): void {
    if (this.#isBroken) return;
    const { scheduler, random, delay } = this.#options;
    this.#parcels.push(parcel);
    this.#bytes += parcel.bytes;
    const takes = delay + this.#extraDelay + (random.chance(0.02) ? random.around(20) : random.around(0.3));
    this.#lastArrival = Math.max(this.#lastArrival, scheduler.now + takes);
    scheduler.at(this.#lastArrival, this.#arrival);
  }

  /** Nothing passes for so long, ms; then everything goes on. */
  stall(ms: number): void {
    const { scheduler } = this.#options;
    this.#stalledUntil = Math.max(this.#stalledUntil, scheduler.now + ms);
    scheduler.at(this.#stalledUntil, () => this.release());
  }

  /** From here on every parcel takes so much longer, ms. */
  slow(ms: number): void {
    this.#extraDelay = ms;
  }

  /** From here on nothing arrives, for ever, and the sender does not learn of it. */
  swallow(): void {
    this.#swallows = true;
    this.#parcels = [];
  }

  /** What has not arrived yet never will. */
  break(): void {
    this.#isBroken = true;
    this.#parcels = [];
    this.#bytes = 0;
  }

  /** Lets what waits go on, unless something else still holds it. */
  release(): void {
    if (this.#isHeld()) return;
    const { scheduler, random } = this.#options;
    for (; this.#late > 0; this.#late--) {
      this.#lastArrival = Math.max(this.#lastArrival, scheduler.now + random.around(0.2));
      scheduler.at(this.#lastArrival, this.#arrival);
    }
  }

  #isHeld(): boolean {
    return this.#options.scheduler.now < this.#stalledUntil || this.#options.isBlocked();
  }

  readonly #arrival = (): void => {
    if (this.#isBroken || this.#swallows) return;
    if (this.#isHeld()) {
      this.#late += 1;
      return;
    }
    const parcel = this.#parcels.shift();
    if (parcel === undefined) return;
    this.#bytes -= parcel.bytes;
    const { to, unwanted } = this.#options;
    if (to.isAlive) to.read(parcel.arrive);
    else unwanted();
  };
}

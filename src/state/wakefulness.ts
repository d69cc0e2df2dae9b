/** How often scc-state notes that it runs, ms. */
export const BEAT_MS = 500;
/** A beat that comes later than this after the one before shows that the process stood still, ms. */
const LATE_MS = 2 * BEAT_MS;
/** Beats in time after which what waited while it stood still has been read. */
const BEATS_TO_READ = 2;

/**
 * Whether scc-state has been running all along. One that stood still (a stopped container, a host without time for
 * it) has before it what members said meanwhile, oldest first: an accusation is read before the word that took it
 * back, and who has died is not missed yet. Judged then, the wrong ones would be sent away.
 * Pure: the time (ms) comes in as an argument.
 */
export class Wakefulness {
  #beatAt: number;
  #inTime = BEATS_TO_READ;

  constructor(now: number) {
    this.#beatAt = now;
  }

  /**
   * Counts a beat.
   *
   * @returns whether with it the process has become awake
   */
  beat(now: number): boolean {
    const was = this.#inTime;
    this.#inTime = now - this.#beatAt > LATE_MS ? 0 : Math.min(was + 1, BEATS_TO_READ);
    this.#beatAt = now;
    return was < BEATS_TO_READ && this.#inTime === BEATS_TO_READ;
  }

  /** Whether what is known now may be judged. */
  isAwake(now: number): boolean {
    return this.#inTime === BEATS_TO_READ && now - this.#beatAt <= LATE_MS;
  }
}

/** How often a link gives a sign of life, ms. */
export const BEAT_MS = 500;
/** The reason for which a link to a silent side ends. */
export const SILENT = "silent";
/** Beats without a sign of life after which the other side counts as silent: 3 s. */
const SILENT_BEATS = 6;

/**
 * Whether the other side of a link is alive, told by counting own beats between its signs of life.
 *
 * No clock is compared: a process that stood still itself has counted no beats meanwhile, and reads what
 * waited before it counts the next; so it accuses nobody when it wakes. A side that sends but never
 * acknowledges what it is sent (a one-way fault) is silent too. Pure.
 */
export class Pulse {
  #silence = 0;
  #stalled = 0;
  #acknowledged = 0;
  /** Whether the last that came is a part of a message. */
  #isAmid = false;

  readonly #acknowledges: boolean;

  /** @param acknowledges whether the other side says what it received */
  constructor(acknowledges = true) {
    this.#acknowledges = acknowledges;
  }

  /** A frame came. */
  heard(): void {
    this.#silence = 0;
    this.#isAmid = false;
  }

  /** A part of a large frame came. What the other side acknowledges may stand behind it. */
  heardPart(): void {
    this.#silence = 0;
    this.#isAmid = true;
  }

  /** The other side says that a part of a large frame of ours has come. */
  partAcknowledged(): void {
    this.#stalled = 0;
  }

  /** The other side says how many of our frames it has received. */
  acknowledged(received: number): void {
    if (received <= this.#acknowledged) return;
    this.#acknowledged = received;
    this.#stalled = 0;
  }

  /**
   * Counts a beat, at which something is sent in any case.
   *
   * @returns false when the other side counts as silent
   */
  beat(): boolean {
    this.#silence += 1;
    if (this.#acknowledges && !this.#isAmid) this.#stalled += 1;
    return this.#silence <= SILENT_BEATS && this.#stalled <= SILENT_BEATS;
  }
}

/** Most publications that can be under way at a time; a power of two. */
export const MOST_IN_FLIGHT = 2 ** 20;

const FREE = -1;

/**
 * Publications that are not acknowledged yet or, where that is waited for, not delivered to everybody. A ring by
 * their numbers, which count up, without anything per publication that would have to be collected.
 */
export class InFlight {
  readonly #mask: number;
  readonly #feed: Int32Array;
  readonly #sequence: Uint32Array;
  /** Intended times, µs. */
  readonly #time: Float64Array;
  /** Deliveries that are still waited for. */
  readonly #deliveries: Int32Array;
  readonly #answered: Uint8Array;
  #oldest = 0;
  #newest = 0;
  #count = 0;
  #unanswered = 0;

  /** @param capacity a power of two */
  constructor(capacity = MOST_IN_FLIGHT) {
    this.#mask = capacity - 1;
    this.#feed = new Int32Array(capacity).fill(FREE);
    this.#sequence = new Uint32Array(capacity);
    this.#time = new Float64Array(capacity);
    this.#deliveries = new Int32Array(capacity);
    this.#answered = new Uint8Array(capacity);
  }

  /** How many are under way. */
  get count(): number {
    return this.#count;
  }

  /** How many wait for their acknowledgement. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** The number that the next one gets. */
  get next(): number {
    return this.#newest;
  }

  /** Whether there is no room for another one. */
  get full(): boolean {
    while (this.#oldest < this.#newest && this.#feed[this.#oldest & this.#mask] === FREE) this.#oldest++;
    return this.#newest - this.#oldest > this.#mask;
  }

  /** Takes in the next one. Must not be full. @param deliveries how many are waited for; 0: none */
  add(feed: number, sequence: number, time: number, deliveries: number): void {
    const slot = this.#newest++ & this.#mask;
    this.#feed[slot] = feed;
    this.#sequence[slot] = sequence;
    this.#time[slot] = time;
    this.#deliveries[slot] = deliveries;
    this.#answered[slot] = 0;
    this.#count++;
    this.#unanswered++;
  }

  /** Whether the number is of one that waits for an answer. */
  awaits(number: number): boolean {
    return this.#holds(number) && this.#answered[number & this.#mask] === 0;
  }

  /** One that waited for it is answered. */
  answered(number: number): void {
    const slot = number & this.#mask;
    this.#answered[slot] = 1;
    this.#unanswered--;
    this.#freeIfDone(slot);
  }

  /** One that waited for an answer is refused: nobody will get it. */
  refused(number: number): void {
    this.#deliveries[number & this.#mask] = 0;
    this.answered(number);
  }

  /** It came to one more of its subscribers. */
  delivered(number: number, feed: number, sequence: number): void {
    if (!this.#holds(number)) return;
    const slot = number & this.#mask;
    if (this.#feed[slot] !== feed || this.#sequence[slot] !== sequence) return;
    const left = this.#deliveries[slot] ?? 0;
    if (left === 0) return;
    this.#deliveries[slot] = left - 1;
    this.#freeIfDone(slot);
  }

  /** Intended time of one that is under way, µs. */
  timeOf(number: number): number {
    return this.#time[number & this.#mask] ?? 0;
  }

  feedOf(number: number): number {
    return this.#feed[number & this.#mask] ?? FREE;
  }

  sequenceOf(number: number): number {
    return this.#sequence[number & this.#mask] ?? 0;
  }

  /** Gives up what is older than `before`. @param unanswered is told of those without an answer */
  expire(before: number, unanswered: (feed: number, sequence: number) => void): void {
    for (; this.#oldest < this.#newest; this.#oldest++) {
      const slot = this.#oldest & this.#mask;
      const feed = this.#feed[slot] ?? FREE;
      if (feed === FREE) continue;
      if ((this.#time[slot] ?? 0) >= before) return;
      if (this.#answered[slot] === 0) {
        this.#unanswered--;
        unanswered(feed, this.#sequence[slot] ?? 0);
      }
      this.#free(slot);
    }
  }

  #holds(number: number): boolean {
    return number >= this.#oldest && number < this.#newest && this.#feed[number & this.#mask] !== FREE;
  }

  #freeIfDone(slot: number): void {
    if (this.#answered[slot] !== 0 && this.#deliveries[slot] === 0) this.#free(slot);
  }

  #free(slot: number): void {
    this.#feed[slot] = FREE;
    this.#count--;
  }
}

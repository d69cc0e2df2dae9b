import { type ChannelLog, ENTRY_SIZE } from "./channel-log.ts";

/** How much of the newest messages is kept. All hold at once; the message that is just appended stays. */
export interface TailBounds {
  /** Messages per channel. */
  readonly count: number;
  /** Bytes per channel. */
  readonly bytes: number;
  /** Age, ms. */
  readonly age: number;
  /** Bytes over all channels. */
  readonly totalBytes: number;
}

/** Places of messages that are gone, from which on it is worth giving them up. */
const MANY_GONE = 1024;

/**
 * Keeps the tails of many logs within their bounds, at a constant cost per message and without a timer
 * per log: one queue over all logs, in order of arrival, says whose oldest message goes next.
 */
export class Tails {
  readonly #bounds: TailBounds;
  #queue: ChannelLog[] = [];
  #times: number[] = [];
  #start = 0;
  #bytes = 0;
  /** Messages that left their log before their turn in the queue came: of each log its first in the queue. */
  readonly #gone = new Map<ChannelLog, number>();
  #goneCount = 0;

  constructor(bounds: TailBounds) {
    this.#bounds = bounds;
  }

  /** Bytes in the tails of all logs. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages in the tails of all logs. */
  get count(): number {
    return this.places - this.#goneCount;
  }

  /** Places in the queue: of messages that are there, and for a while of those that left before their turn. */
  get places(): number {
    return this.#queue.length - this.#start;
  }

  /** Counts a message that was just appended to a log, and takes away what is now too much. */
  appended(log: ChannelLog, bytes: number, now: number): void {
    this.#queue.push(log);
    this.#times.push(now);
    this.#bytes += bytes + ENTRY_SIZE;
    const { count, bytes: perLog, totalBytes } = this.#bounds;
    while (log.length > 1 && (log.length > count || log.bytes > perLog)) this.#dropEarly(log);
    while (this.#bytes > totalBytes && this.places > 1) this.#dropNext();
  }

  /** Takes away what is too old. To be called every second or so. */
  expire(now: number): void {
    const before = now - this.#bounds.age;
    while (this.#start < this.#queue.length && (this.#times[this.#start] ?? now) < before) this.#dropNext();
  }

  /** Takes a whole log away, whatever it holds. */
  remove(log: ChannelLog): void {
    while (log.length > 0) this.#dropEarly(log);
  }

  #dropEarly(log: ChannelLog): void {
    this.#drop(log);
    this.#gone.set(log, (this.#gone.get(log) ?? 0) + 1);
    this.#goneCount += 1;
    if (this.#goneCount > MANY_GONE && this.#goneCount * 2 > this.places) this.#compact();
  }

  /** Gives up the places of those that are gone: a busy channel would have one for each message of the tail's age. */
  #compact(): void {
    const [queue, times] = [this.#queue, this.#times];
    let kept = 0;
    for (let place = this.#start; place < queue.length; place++) {
      const log = queue[place] as ChannelLog;
      const gone = this.#gone.get(log) ?? 0;
      if (gone > 0) this.#gone.set(log, gone - 1);
      else {
        queue[kept] = log;
        times[kept] = times[place] as number;
        kept += 1;
      }
    }
    this.#queue = queue.slice(0, kept);
    this.#times = times.slice(0, kept);
    this.#start = 0;
    this.#gone.clear();
    this.#goneCount = 0;
  }

  #dropNext(): void {
    const log = this.#queue[this.#start];
    this.#start += 1;
    if (this.#start * 2 >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#start);
      this.#times = this.#times.slice(this.#start);
      this.#start = 0;
    }
    if (log === undefined) return;
    const gone = this.#gone.get(log) ?? 0;
    if (gone === 0) {
      this.#drop(log);
      return;
    }
    this.#goneCount -= 1;
    if (gone > 1) this.#gone.set(log, gone - 1);
    else this.#gone.delete(log);
  }

  #drop(log: ChannelLog): void {
    const entry = log.dropOldest();
    if (entry) this.#bytes -= entry.bytes.length + ENTRY_SIZE;
  }
}

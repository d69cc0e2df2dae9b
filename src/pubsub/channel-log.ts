import { Origins } from "./origins.ts";
import { compareEpochs, type Epoch } from "./version.ts";

/** What a message takes in a tail beside its bytes, about: on V8's heap, where its bytes are not. */
export const ENTRY_SIZE = 200;

const NOTHING: LogEntry[] = [];

/** One message in its place in a channel's log. */
export interface LogEntry {
  readonly offset: number;
  readonly origin: string;
  readonly sequence: number;
  readonly bytes: Buffer;
  /** When it was appended, in ms of the owner's clock. */
  readonly at: number;
}

/** A place in a channel's log: the last message that somebody has seen. */
export interface Position {
  readonly epoch: Epoch;
  readonly offset: number;
}

/**
 * What follows a position: the entries after it, or why they cannot be given.
 * `new log`: the log is younger than the position; `tail too short`: some of them are gone;
 * `log went back`: the position is ahead of this log.
 */
export type Since =
  | { readonly entries: readonly LogEntry[] }
  | { readonly gap: "new log" | "tail too short" | "log went back" };

/**
 * The log of one channel: its newest messages in the order that is the same for everybody.
 *
 * Offsets start at 1 and grow by one within an epoch. The log knows no bound of its own: `Tails` takes the
 * oldest away by count, bytes and age. Pure: the time comes in as an argument.
 */
export class ChannelLog {
  readonly channel: string;
  readonly epoch: Epoch;
  readonly origins = new Origins();
  /** The newest messages, oldest first, from index `#start` on. `NOTHING` is never written to. */
  #entries = NOTHING;
  #start = 0;
  #bytes = 0;
  #last: number;
  #stable: number;

  /** @param last offset of the message before the first one that this log is going to hold */
  constructor(channel: string, epoch: Epoch, last = 0) {
    this.channel = channel;
    this.epoch = epoch;
    this.#last = last;
    this.#stable = last;
  }

  /** Offset of the newest message; 0 when there was none yet. */
  get last(): number {
    return this.#last;
  }

  /** Highest offset that is held as safely as this log promises. No higher one is shown to anybody. */
  get stable(): number {
    return this.#stable;
  }

  /** Everything up to this offset is held safely. */
  advance(offset: number): void {
    if (offset > this.#stable) this.#stable = offset;
  }

  /** Messages in the tail. */
  get length(): number {
    return this.#entries.length - this.#start;
  }

  /** Bytes that the messages in the tail take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The oldest message in the tail. */
  get oldest(): LogEntry | undefined {
    return this.#entries[this.#start];
  }

  /** Puts a message at the end. Whether it is a repeat is for the caller to ask `origins` first. */
  append(origin: string, sequence: number, bytes: Buffer, now: number): LogEntry {
    this.#last += 1;
    const entry: LogEntry = { offset: this.#last, origin, sequence, bytes, at: now };
    // An array that is pushed to begins with 17 places; most logs of many have one message.
    if (this.#entries.length === 0) this.#entries = [entry];
    else this.#entries.push(entry);
    this.#bytes += bytes.length + ENTRY_SIZE;
    return entry;
  }

  /** The messages in the tail after an offset, stable or not, oldest first. */
  after(offset: number): readonly LogEntry[] {
    const count = Math.min(this.#last - offset, this.length);
    return this.#entries.slice(this.#entries.length - Math.max(count, 0));
  }

  /** Takes the oldest message out of the tail. */
  dropOldest(): LogEntry | undefined {
    const entry = this.#entries[this.#start];
    if (entry === undefined) return undefined;
    this.#start += 1;
    this.#bytes -= entry.bytes.length + ENTRY_SIZE;
    // Half of the array is gone messages: make it short again. Each message is moved once on average.
    if (this.#start * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
    return entry;
  }

  /** Everything after a position, up to what is stable. */
  since(position: Position): Since {
    const age = compareEpochs(position.epoch, this.epoch);
    if (age < 0) return { gap: "new log" };
    if (age > 0 || position.offset > this.stable) return { gap: "log went back" };
    const missing = this.#last - position.offset;
    if (missing > this.length) return { gap: "tail too short" };
    const unstable = this.#last - this.#stable;
    const { length } = this.#entries;
    return { entries: this.#entries.slice(length - missing, length - Math.min(unstable, this.length)) };
  }
}

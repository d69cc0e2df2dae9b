import type { Settle } from "../pubsub/broker.ts";
import type { Publication } from "../pubsub/publication.ts";
import { type Pending, sizeOf } from "./pending.ts";

/**
 * What this process published and nobody confirmed yet, in order: one sequence over all channels.
 * Bounded by bytes (whoever adds asks the publish's window first) and by time (`before`). Pure.
 */
export class Unconfirmed {
  /** By sequence, which is also the order of insertion. */
  readonly #pending = new Map<number, Pending>();
  #sequence = 0;
  #bytes = 0;

  get count(): number {
    return this.#pending.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The sequence of the last publish, confirmed or not; 0 before the first. */
  get newest(): number {
    return this.#sequence;
  }

  /** The lowest sequence that is unconfirmed; `Infinity` if none is. */
  get oldest(): number {
    for (const sequence of this.#pending.keys()) return sequence;
    return Infinity;
  }

  /** All of them, in the order they were published. */
  inOrder(): IterableIterator<Pending> {
    return this.#pending.values();
  }

  add(publication: Publication, settle: Settle | undefined, now: number): Pending {
    this.#sequence += 1;
    const pending: Pending = {
      sequence: this.#sequence,
      publication,
      at: now,
      sent: 0,
      settle,
      window: undefined,
      inFlight: false,
    };
    this.#pending.set(pending.sequence, pending);
    this.#bytes += sizeOf(publication);
    return pending;
  }

  /**
   * It is held by its owner, or never will be: it is not sent again. Telling its publisher is not done here.
   *
   * @returns false if it was removed before
   */
  remove(pending: Pending): boolean {
    if (!this.#pending.delete(pending.sequence)) return false;
    this.#bytes -= sizeOf(pending.publication);
    return true;
  }

  /** Those published before a time, in order. */
  before(time: number): Pending[] {
    const early: Pending[] = [];
    for (const pending of this.#pending.values()) {
      if (pending.at >= time) break;
      early.push(pending);
    }
    return early;
  }
}

/** The publishes sent on one connection of a link, found by their position on it (counted from 1). */
export class SentPublishes {
  #sent: (Pending | undefined)[] = [];
  /** Position of the first item of `#sent`. */
  #base = 1;
  /** Everything before this index was taken. */
  #start = 0;

  /** Positions from the first that may still be confirmed. */
  get count(): number {
    return this.#sent.length - this.#start;
  }

  /** The position that the next publish gets. */
  get next(): number {
    return this.#base + this.#sent.length;
  }

  /** Positions before this one will not be confirmed any more. */
  forgetBefore(position: number): void {
    const end = Math.min(this.#sent.length, position - this.#base);
    for (let index = this.#start; index < end; index++) this.#sent[index] = undefined;
    this.#trim();
  }

  /** Notes the next position. */
  add(pending: Pending): void {
    this.#sent.push(pending);
  }

  /** The publish at a position, which is taken out; undefined if it was taken before. */
  take(position: number): Pending | undefined {
    const index = position - this.#base;
    const pending = this.#sent[index];
    if (pending === undefined) return undefined;
    this.#sent[index] = undefined;
    if (index === this.#start) this.#trim();
    return pending;
  }

  #trim(): void {
    while (this.#start < this.#sent.length && this.#sent[this.#start] === undefined) this.#start += 1;
    // Only when half of the array is gone is the rest moved: once per position on average.
    if (this.#start * 2 < this.#sent.length) return;
    this.#sent = this.#sent.slice(this.#start);
    this.#base += this.#start;
    this.#start = 0;
  }
}

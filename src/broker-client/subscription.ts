import type { GapReason } from "../link/entries.ts";
import type { Position } from "../pubsub/channel-log.ts";
import { compareEpochs, type Epoch } from "../pubsub/version.ts";

/** What is to be done with a record. `missing`: something before it did not come; ask again. */
export type Verdict = "deliver" | "duplicate" | "missing" | "too early";

/**
 * One channel's subscription of this process, whatever owners and links come and go below it: it sees offsets
 * without holes or repeats, and epochs that only grow. Pure.
 *
 *     unknown --answered--> following --missing, new link, new owner: ask since--> following
 */
export class Subscription {
  readonly channel: string;
  /** Epoch and offset of the last message seen; kept apart, so that a record makes no new object. */
  #epoch: Epoch | undefined;
  #offset = 0;
  #ask = 0;
  #answered = false;

  constructor(channel: string) {
    this.channel = channel;
  }

  /** The last message seen; undefined before the first answer. */
  get seen(): Position | undefined {
    return this.#epoch === undefined ? undefined : { epoch: this.#epoch, offset: this.#offset };
  }

  /** Whether the question that was asked last has been answered. */
  get answered(): boolean {
    return this.#answered;
  }

  /** It is asked for (again). @param question its number, which the answer repeats */
  ask(question: number): void {
    this.#ask = question;
    this.#answered = false;
  }

  /** Whether this question was asked last, and is open still. */
  awaits(ask: number): boolean {
    return ask === this.#ask && !this.#answered;
  }

  /** A record came. Only `deliver` changes anything. */
  record(epoch: Epoch, offset: number): Verdict {
    // Before the first answer there is no place to count from, and what came before it was not promised.
    if (this.#epoch === undefined) return "too early";
    const age = epoch === this.#epoch ? 0 : compareEpochs(epoch, this.#epoch);
    if (age < 0 || (age === 0 && offset <= this.#offset)) return "duplicate";
    if (age > 0 || offset > this.#offset + 1) return "missing";
    this.#offset = offset;
    return "deliver";
  }

  /**
   * The owner answered. Returns whether that is the end of the question: an answer to an earlier question is
   * not, nor one that says that more should have come than did (`missing`).
   */
  answer(ask: number, epoch: Epoch, stable: number, gap: GapReason): "following" | "stale" | "missing" {
    if (ask !== this.#ask || this.#answered) return "stale";
    const isFirst = this.#epoch === undefined;
    if (!isFirst && gap === "none" && !this.#hasAll(epoch, stable)) return "missing";
    this.#answered = true;
    if (isFirst || gap !== "none") {
      this.#epoch = epoch;
      this.#offset = stable;
    }
    return "following";
  }

  #hasAll(epoch: Epoch, stable: number): boolean {
    return this.#epoch !== undefined && compareEpochs(epoch, this.#epoch) === 0 && this.#offset >= stable;
  }
}

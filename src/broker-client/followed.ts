import type { Settle } from "../pubsub/broker.ts";
import { SubscribeTimeoutError } from "./errors.ts";
import type { Subscription } from "./subscription.ts";

/** A channel that this worker is subscribed to, or wants to be. */
export interface Followed {
  readonly subscription: Subscription;
  /** Who owns the channel; undefined while nobody does. */
  ownerId: string | undefined;
  settle: Settle | undefined;
  /** When it was asked for, ms of the own clock. */
  since: number;
}

/** Refused channels that are asked for again at a time, once a sweep: many of them must not keep a broker busy. */
const ASKED_AGAIN = 1000;

/**
 * Channels that a broker would not begin with, and that are wanted still: they are asked for again, a few at a time,
 * those that wait longest first. Pure.
 */
export class RefusedChannels {
  readonly #waiting = new Set<Followed>();

  get size(): number {
    return this.#waiting.size;
  }

  add(followed: Followed): void {
    this.#waiting.add(followed);
  }

  delete(followed: Followed): void {
    this.#waiting.delete(followed);
  }

  /** Takes out those whose turn it is. */
  take(): Followed[] {
    const next: Followed[] = [];
    for (const followed of this.#waiting) {
      if (next.length >= ASKED_AGAIN) break;
      next.push(followed);
    }
    for (const followed of next) this.#waiting.delete(followed);
    return next;
  }
}

/** Tells those that wait for longer than the limit (ms) that no broker answered. */
export function settleOverdue(all: Iterable<Followed>, now: number, limit: number): void {
  for (const followed of all) {
    const { settle, since, subscription } = followed;
    if (settle === undefined || now - since <= limit) continue;
    // Settling with an error unsubscribes, which must not settle again.
    followed.settle = undefined;
    settle(new SubscribeTimeoutError(subscription.channel, limit));
  }
}

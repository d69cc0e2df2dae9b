import type { Publication } from "./publication.ts";

/** Told once how an operation ended; without an error it worked. Must not throw. */
export type Settle = (error?: Error) => void;

/**
 * When a publish settles: `worker`, once this process has taken it; `replica`, once it is held as safely as the
 * broker promises. Either way the same is done with it.
 */
export type PublishLevel = "worker" | "replica";

export function isPublishLevel(value: unknown): value is PublishLevel {
  return value === "worker" || value === "replica";
}

/** Takes a publication that is due on this process, in its channel's order. */
export type Deliver = (publication: Publication) => void;

/** Why subscribers of a channel may have missed something. */
export interface Gap {
  readonly channel: string;
  readonly reason: "new log" | "tail too short" | "log went back";
}

/**
 * Carries publications to every subscriber, wherever it is connected. An implementation is given a
 * `Deliver` when made, and calls it for each publication on a channel that this process subscribed to.
 *
 * One order: for a channel, every process sees one sequence, and it holds what one caller published in the
 * order of its calls. Once: no publication is delivered twice.
 */
export interface Broker {
  /**
   * Publishes, and settles when the publication is held as safely as this broker promises, or at once when it
   * has been taken (`level`; by default what the broker was made for). An error is an `SccError` whose
   * `retryable` and `mayStillArrive` say whether to try again.
   * It is delivered here too, by way of `Deliver`, if this process is subscribed.
   *
   * @returns nothing as a rule; a promise if more was published than can be passed on: this publication waits (or
   * was refused), and whoever can should publish nothing more until it resolves, which it does in any case
   */
  publish(publication: Publication, settle: Settle, level?: PublishLevel): Promise<void> | void;

  /**
   * Subscribes this process. Once settled without an error, every publication that is published anywhere
   * from then on is delivered. Called for a channel's first subscriber here. After an error the broker still
   * tries, until `unsubscribe`.
   */
  subscribe(channel: string, settle: Settle): void;

  /** Unsubscribes this process. Called for a channel's last subscriber here; an open `subscribe` settles. */
  unsubscribe(channel: string): void;
}

import type { DialLink } from "../cluster/peer/owner-link.ts";
import type { Hello } from "../cluster/peer/peer-hello.ts";
import type { Holder } from "../cluster/replica/holder.ts";
import type { CurrentRing } from "../cluster/ring/current-ring.ts";
import type { Deliver, Gap, PublishLevel } from "../pubsub/broker.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";

export interface ClusterBrokerOptions {
  readonly ring: CurrentRing;
  readonly dial: DialLink;
  readonly clock: Clock;
  /** From 0 to 1, for pauses that differ from process to process. */
  readonly random: () => number;
  readonly log: Logger;
  readonly hello: () => Hello;
  /** The logs that this worker keeps for a broker that has no other to follow it. */
  readonly holder: Holder;
  /** When a publish settles that is given no level of its own. */
  readonly publishLevel: PublishLevel;
  /** How long an unconfirmed publish is sent again before it is rejected, ms. */
  readonly publishLimit: number;
  /** How long a subscription may wait for its owner's answer, ms. */
  readonly subscribeLimit: number;
  /**
   * Bytes that may be unconfirmed at a time before publishers are held back, shared evenly by the brokers of the
   * ring. As much again may wait; one message always fits.
   */
  readonly unconfirmedBytes: number;
  /** See `OwnerLinkOptions`. */
  readonly retryDelay: number;
  readonly grace: number;
  /** How long a canary may be unanswered, ms; default 3000. */
  readonly canaryLimit?: number;
}

export interface ClusterBrokerEvents {
  readonly deliver: Deliver;
  /** Subscribers of a channel may have missed something. */
  gap(gap: Gap): void;
  /** A publish failed that was acknowledged before, at level `worker`. */
  lost(channel: string, error: Error): void;
  /** Which brokers can be used has changed. */
  changed(): void;
}

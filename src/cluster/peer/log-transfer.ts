import type { Epoch, RingVersion } from "../../pubsub/version.ts";

/** A copy that a member has offered. */
export interface Offer {
  readonly from: string;
  readonly rank: RingVersion;
  readonly epoch: Epoch;
  readonly next: number;
  /** What it takes, bytes. */
  readonly size: number;
}

/** A message as a member hands it to another. `bytes` are a view that is only valid during the call. */
export interface Copy {
  readonly offset: number;
  readonly origin: string;
  readonly sequence: number;
  readonly bytes: Buffer;
}

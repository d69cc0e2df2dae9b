import type { TailBounds } from "../../src/pubsub/tails.ts";
import type { Delays } from "../../src/state/membership/membership.ts";
import type { Random } from "./random.ts";

/** Which kinds of faults a world has. */
export const PROFILES = ["none", "links", "state", "members", "partitions", "all"] as const;
export type Profile = (typeof PROFILES)[number];

/** Settings of the members, as their configuration has them. Times in ms. */
export interface Settings {
  readonly delays: Delays;
  readonly stateRetryDelay: number;
  readonly memberRetryDelay: number;
  readonly brokerRetryDelay: number;
  readonly connectTimeout: number;
  readonly ackTimeout: number;
  readonly grace: number;
  readonly publishLimit: number;
  readonly subscribeLimit: number;
  readonly unconfirmedBytes: number;
  readonly linkBufferBytes: number;
  readonly tails: TailBounds;
  readonly maxChannels: number;
}

/** A world, as its seed has it. */
export interface Plan {
  readonly profile: Profile;
  readonly brokers: number;
  readonly workers: number;
  readonly channels: readonly string[];
  readonly settings: Settings;
  /** Mean time between two bursts of publishes on a worker, ms. */
  readonly publishEvery: number;
  readonly largestBurst: number;
  /** Mean time between two clients that come or go on a worker, ms. */
  readonly churnEvery: number;
  /** How long faults happen, ms. */
  readonly activeFor: number;
  /** Mean time between two faults, ms. */
  readonly faultEvery: number;
}

const NAMES = ["news", "a", "b", "__proto__", "röm/ß", "chat 1", "chat 2", "z"];

/** Draws a world. */
export function drawPlan(random: Random, profile: Profile): Plan {
  const channels = NAMES.slice(0, random.whole(1, NAMES.length));
  const publishEvery = random.pick([100, 300, 1000]);
  const activeFor = random.between(8000, 30_000);
  return {
    profile,
    brokers: random.pick([1, 2, 2, 3, 3, 4, 5]),
    workers: random.whole(1, 4),
    channels,
    settings: drawSettings(random),
    publishEvery,
    largestBurst: random.pick([1, 3, 10]),
    churnEvery: random.pick([500, 2000, 10_000]),
    activeFor,
    faultEvery: random.pick([500, 1500, 4000]),
  };
}

function drawSettings(random: Random): Settings {
  return {
    delays: {
      startup: random.pick([0, 500, 2000]),
      scaleOut: random.pick([100, 500, 2000]),
      scaleBack: 1000,
    },
    stateRetryDelay: 1000,
    memberRetryDelay: random.pick([500, 2000]),
    brokerRetryDelay: random.pick([500, 2000]),
    connectTimeout: 3000,
    ackTimeout: 2000,
    grace: 1000,
    publishLimit: 10_000,
    subscribeLimit: 9000,
    unconfirmedBytes: random.pick([1e5, 1e6, 1e7]),
    // A link has to bear the largest log.
    linkBufferBytes: random.pick([4e6, 1e7]),
    tails: { count: 10_000, bytes: 1e6, age: 60_000, totalBytes: 1e8 },
    maxChannels: 1000,
  };
}

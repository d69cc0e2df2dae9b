import type { Ring } from "../../src/cluster/ring/ring.ts";
import { compareEpochs, type Epoch, formatVersion, type RingVersion } from "../../src/pubsub/version.ts";

/** One log of a channel, as anybody spoke of it. */
export interface LogTruth {
  readonly channel: string;
  readonly epoch: Epoch;
  /** What is at each offset, as first said. */
  readonly places: (Place | undefined)[];
}

/** One message in its place, as somebody said it on a link. */
export interface Place {
  readonly log: LogTruth;
  readonly offset: number;
  readonly origin: string;
  readonly sequence: number;
  readonly text: string;
}

/** One publish, and how it ended for whoever called. */
export interface Message {
  /** What is carried: who published it, where, and its number. */
  readonly text: string;
  readonly channel: string;
  /** The life of the worker that published it. */
  readonly origin: string;
  /** The how-manieth of its origin in its channel. */
  readonly number: number;
  /** Moments are numbers that grow with everything that happens. */
  readonly publishedAt: number;
  /** How long its process had run, ms. */
  readonly ranWhenPublished: number;
  ranWhenEnded: number | undefined;
  confirmedAt: number | undefined;
  rejection: Rejection | undefined;
  ends: number;
  /** Where it was said to be, in the order in which that was said first. */
  readonly places: Place[];
}

export interface Rejection {
  readonly name: string;
  readonly text: string;
  /** Whether it was said that it may still happen. */
  readonly mayStillArrive: boolean;
}

/** A gap that was signalled to a subscription: what lies between these two may be missing. */
export interface SignalledGap {
  readonly reason: string;
  readonly at: number;
  readonly after: Place | undefined;
  before: Place | undefined;
}

/** One client's subscription to one channel: what it was told. */
export interface Subscription {
  readonly name: string;
  /** The life of its worker. */
  readonly worker: string;
  readonly channel: string;
  readonly ranWhenAsked: number;
  acknowledgedAt: number | undefined;
  error: string | undefined;
  /** Its client left, or its worker is no more. */
  endedAt: number | undefined;
  /** The place of what came last. */
  last: Place | undefined;
  /** A gap was signalled, and nothing came since. */
  openGap: SignalledGap | undefined;
  readonly gaps: SignalledGap[];
  /** What came, and when. */
  readonly heard: Map<Message, number>;
}

/** What a broker answered to whoever asked for a channel. */
export interface AnswerSaid {
  readonly by: string;
  readonly to: string;
  readonly log: LogTruth;
  readonly stable: number;
  readonly gap: string;
}

/** A publish that was confirmed on a link. */
export interface ConfirmSaid {
  readonly by: string;
  readonly to: string;
  readonly channel: string;
  readonly text: string;
}

/** What a broker says of a channel as its owner: what stands where, or that a publication is held. */
export interface OwnerSaid {
  readonly by: string;
  /** As whom the process says it. */
  readonly instanceId: string;
  /** The ring of the link on which it is said. */
  readonly version: RingVersion;
  readonly channel: string;
  /** Everything up to here is held. */
  readonly place: { readonly epoch: Epoch; readonly offset: number } | undefined;
  /** This is held, and whatever its origin sent before it. */
  readonly publication: { readonly origin: string; readonly sequence: number } | undefined;
}

/** A member said that it has offered all it holds, and serves nothing under older rings any more. */
export interface DoneSaid {
  readonly by: string;
  readonly instanceId: string;
  /** To which instance. */
  readonly to: string;
  readonly version: RingVersion;
}

/** An amount that has a bound. */
export interface Amount {
  readonly member: string;
  readonly what: string;
  readonly value: number;
  readonly bound: number;
}

/** What a live member looks like when everything should have come to rest. */
export interface MemberEnding {
  readonly name: string;
  readonly role: "broker" | "worker" | "state";
  readonly instanceId: string;
  readonly ring: Ring;
  /** Why it is not ready, in its own words. */
  readonly trouble: string | undefined;
  /** Things that should be none by now, such as unconfirmed messages. */
  readonly pending: Readonly<Record<string, number>>;
  /** Of an owner: its logs. */
  readonly logs: readonly { readonly channel: string; readonly epoch: Epoch; readonly stable: number }[];
}

/** What is left when everything should have come to rest. */
export interface Ending {
  readonly members: readonly MemberEnding[];
  readonly messages: readonly Message[];
  readonly subscriptions: readonly Subscription[];
  /** Lives of workers that still run. */
  readonly liveWorkers: ReadonlySet<string>;
}

/** Negative if `a` stands before `b` in their channel, positive if behind. */
export function comparePlaces(a: Place, b: Place): number {
  return compareEpochs(a.log.epoch, b.log.epoch) || a.offset - b.offset;
}

export function formatEpoch({ ring, count }: Epoch): string {
  return `${formatVersion(ring)}.${count}`;
}

export function formatPlace({ log, offset }: Place): string {
  return `${log.channel}@${formatEpoch(log.epoch)}:${offset}`;
}

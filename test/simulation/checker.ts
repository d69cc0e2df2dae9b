import type { Ring, RingMember } from "../../src/cluster/ring/ring.ts";
import type {
  Amount,
  AnswerSaid,
  ConfirmSaid,
  DoneSaid,
  Ending,
  LogTruth,
  Message,
  OwnerSaid,
  Place,
  SignalledGap,
  Subscription,
} from "./truth.ts";
import type { Inspect, Member } from "./world.ts";

/** A place, as it was said just now. */
export interface RecordSaid {
  readonly by: string;
  readonly to: string;
  readonly place: Place;
  /** What was said of the same place before. */
  readonly known: Place | undefined;
}

/** A ring that nobody held before. */
export interface RingMade {
  readonly ring: Ring;
  /** The newest ring there was before. */
  readonly before: Ring;
  /** Whether there was no reason to remove this broker: it neither failed, nor left, nor was out of reach. */
  readonly isBlameless: (broker: RingMember) => boolean;
}

/** Reports what must not be; the world ends with the first. */
export type Find = (sentence: string) => void;

/**
 * Looks at what happens in a world for one invariant of the design. All that happens is told as plain data, so
 * that a test can plant a history. What is called often must cost little: it looks only at what is new.
 */
export interface Checker {
  readonly invariant: number;
  /** A member holds this ring from here on. `life` is one life of one process. */
  ringHeld?(life: string, ring: Ring): void;
  ringMade?(made: RingMade): void;
  recordSaid?(said: RecordSaid): void;
  answerSaid?(said: AnswerSaid): void;
  confirmSaid?(said: ConfirmSaid): void;
  /** Any of the three above, as what it says of the logs that are held. */
  ownerSaid?(said: OwnerSaid): void;
  doneSaid?(said: DoneSaid): void;
  /** Somebody asked for a channel on a link. */
  asked?(life: string, log: Pick<LogTruth, "channel">): void;
  published?(message: Message): void;
  /** A publish ended, for the `message.ends`th time. */
  ended?(message: Message): void;
  acknowledged?(subscription: Subscription): void;
  /** What a subscription got; `place` is where it is, undefined if nobody ever said so. Before `last` moves. */
  delivered?(subscription: Subscription, message: Message, place: Place | undefined): void;
  gap?(subscription: Subscription, gap: SignalledGap): void;
  /** A step is over in which the code of this member ran: called after each, to look into members as they are. */
  stepped?(member: Member, inspect: Inspect): void;
  measured?(amounts: readonly Amount[]): void;
  /** What is open although its process has run for so long since, ms; `limit` is how long it may take. */
  overdue?(what: string, ranFor: number, limit: number): void;
  ending?(ending: Ending): void;
}

export type MakeChecker = (find: Find) => Checker;

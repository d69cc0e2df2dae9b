import type { Ring, RingMember } from "../../../src/cluster/ring/ring.ts";
import { NO_RING } from "../../../src/cluster/ring/ring.ts";
import type { Epoch } from "../../../src/pubsub/version.ts";
import type { Checker, MakeChecker } from "../checker.ts";
import type { Ending, LogTruth, MemberEnding, Message, Place, Subscription } from "../truth.ts";

/** A checker with a planted history: what it found so far. */
export function planted(make: MakeChecker): { readonly checker: Checker; readonly found: string[] } {
  const found: string[] = [];
  return { checker: make((sentence) => found.push(sentence)), found };
}

export function broker(index: number, instanceId = `id${index}`): RingMember {
  return { uri: `ws://10.0.2.${index}:8888`, instanceId };
}

export function ringOf(counter: number, brokers: readonly RingMember[], stateId = "s"): Ring {
  return { ...NO_RING, version: { counter, stateId }, brokers };
}

export function logOf(channel: string, counter = 1): LogTruth {
  const epoch: Epoch = { ring: { counter, stateId: "s" }, count: 1 };
  return { channel, epoch, places: [] };
}

export function placeIn(
  log: LogTruth,
  offset: number,
  text = `w/${log.channel}/${offset}`,
  sequence = offset,
): Place {
  return { log, offset, origin: "w", sequence, text };
}

export function messageAt(number: number, more: Partial<Message> = {}): Message {
  return {
    text: `w/a/${number}`,
    channel: "a",
    origin: "w",
    number,
    publishedAt: 10 * number,
    ranWhenPublished: 0,
    ranWhenEnded: 1,
    confirmedAt: 10 * number + 1,
    rejection: undefined,
    ends: 1,
    places: [],
    ...more,
  };
}

export function subscriptionOf(more: Partial<Subscription> = {}): Subscription {
  return {
    name: "c",
    worker: "w1.1",
    channel: "a",
    ranWhenAsked: 0,
    acknowledgedAt: 1,
    error: undefined,
    endedAt: undefined,
    last: undefined,
    openGap: undefined,
    gaps: [],
    heard: new Map(),
    ...more,
  };
}

export function memberAt(ring: Ring, more: Partial<MemberEnding> = {}): MemberEnding {
  return {
    name: "b1.1",
    role: "broker",
    instanceId: "id1",
    ring,
    trouble: undefined,
    pending: {},
    logs: [],
    ...more,
  };
}

export function endingWith(more: Partial<Ending>): Ending {
  const nobody = { members: [], messages: [], subscriptions: [] };
  return { ...nobody, liveWorkers: new Set(["w1.1"]), ...more };
}

import { compareEpochs, type RingVersion } from "../../../src/pubsub/version.ts";
import type { Checker, Find } from "../checker.ts";
import { ensure } from "../table.ts";
import {
  comparePlaces,
  formatPlace,
  type LogTruth,
  type Message,
  type Place,
  type Subscription,
} from "../truth.ts";

/**
 * Invariant 6: a subscription sees offsets without holes or repeats and epochs that only grow; a hole or a new
 * epoch only with a gap signal. Since an offset names one message (3), all subscriptions then agree on the
 * order of what they both see; texts that are in two epochs are looked at by 7.
 */
export function noHoles(find: Find): Checker {
  return {
    invariant: 6,
    delivered(subscription, message, place) {
      const { name, last, openGap } = subscription;
      if (place === undefined)
        return find(`${name} got "${message.text}", and no owner ever said where it is`);
      if (last === undefined) return;
      const order = comparePlaces(last, place);
      const [from, to] = [formatPlace(last), formatPlace(place)];
      if (order === 0) find(`${name} got ${to} twice`);
      else if (order > 0) find(`${name} got ${to} after ${from}`);
      else if (openGap) return;
      else if (compareEpochs(last.log.epoch, place.log.epoch) !== 0)
        find(`${name} got ${to} after ${from} without a gap signal`);
      else if (place.offset !== last.offset + 1)
        find(`${name} got ${to} after ${from}: a hole without a gap signal`);
    },
  };
}

/** Invariant 7, as subscriptions see it: each message once, and an origin's messages in order, between two gap signals. */
export function onceInOrder(find: Find): Checker {
  const numbers = new Map<Subscription, Map<string, number>>();
  return {
    invariant: 7,
    delivered(subscription, message) {
      if (subscription.openGap) numbers.delete(subscription);
      const origins = ensure(numbers, subscription, () => new Map<string, number>());
      const before = origins.get(message.origin) ?? 0;
      if (message.number <= before)
        find(`${subscription.name} got ${message.text} after number ${before} of ${message.origin}`);
      origins.set(message.origin, message.number);
    },
  };
}

/**
 * Invariant 10: a message published after a subscription was acknowledged, and confirmed, was delivered to it,
 * or a gap signalled over where it is.
 *
 * @param isLost whether a message was confirmed by an owner and a follower that were both given up by then
 */
export function subscribedIsSubscribed(isLost: (text: string) => boolean): (find: Find) => Checker {
  return (find) => ({
    invariant: 10,
    ending({ messages, subscriptions, liveWorkers }) {
      const byChannel = new Map<string, Message[]>();
      for (const message of messages) {
        if (message.confirmedAt === undefined || isLost(message.text)) continue;
        const list = byChannel.get(message.channel);
        if (list) list.push(message);
        else byChannel.set(message.channel, [message]);
      }
      for (const subscription of subscriptions) {
        const { channel, acknowledgedAt, endedAt, name, heard, worker } = subscription;
        if (acknowledgedAt === undefined || endedAt !== undefined || !liveWorkers.has(worker)) continue;
        for (const message of byChannel.get(channel) ?? []) {
          if (message.publishedAt < acknowledgedAt || heard.has(message)) continue;
          if (isInGap(subscription, message.places)) continue;
          return find(
            `${name} never got ${message.text}, which was published after it was subscribed, and acknowledged`,
          );
        }
      }
    },
  });
}

/** What excuses a gap. */
export interface GapExcuse {
  /** Whether more failed than copies bear, and has not been made good. */
  now(): boolean;
  /**
   * Whether that was so when this ring was made, or one before it and after another: a log that is opened under it
   * may be in the place of one that was lost then, and that nobody has asked for since.
   */
  under(version: RingVersion, after: RingVersion | undefined): boolean;
  /** Whether a log of this channel has reached its bounds somewhere, so that what is older than its tail is gone. */
  isTailFull(channel: string): boolean;
}

/**
 * The second half of invariant 10: no gap is signalled unless it may be. Whoever was out of reach may hear of a log
 * that was lost long after: what counts is whether it might be lost when the new one was opened.
 */
export function noNeedlessGap(excuse: GapExcuse): (find: Find) => Checker {
  return (find) => {
    const told = new Map<string, LogTruth>();
    return {
      invariant: 10,
      answerSaid({ to, log, gap }) {
        if (gap !== "none") told.set(`${to} ${log.channel}`, log);
      },
      gap({ name, channel, worker, last }, { reason }) {
        const log = told.get(`${worker} ${channel}`);
        if (reason === "tail too short" && excuse.isTailFull(channel)) return;
        if (excuse.now() || (log && excuse.under(log.epoch.ring, last?.log.epoch.ring))) return;
        find(`${name} was told of a gap in ${channel} (${reason}), with no reason for one`);
      },
    };
  };
}

function isInGap({ gaps }: Subscription, places: readonly Place[]): boolean {
  return gaps.some(({ after, before }) => {
    const isWithin = (place: Place): boolean =>
      (after === undefined || comparePlaces(after, place) < 0) &&
      (before === undefined || comparePlaces(place, before) < 0);
    // Of what was confirmed and never shown to anybody, nobody knows where it was.
    return places.length === 0 || places.some(isWithin);
  });
}

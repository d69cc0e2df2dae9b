import { formatVersion } from "../../../src/pubsub/version.ts";
import type { Checker, Find } from "../checker.ts";
import { type Ending, formatEpoch, formatPlace, type MemberEnding, type Subscription } from "../truth.ts";

/**
 * Invariant 11: some seconds after the last fault there is one ring, its brokers are the live ones, everybody is
 * ready, nothing waits, and every subscription is where its channel's owner is. And no broker was removed that
 * the others could use.
 */
export function comesToRest(find: Find): Checker {
  return {
    invariant: 11,
    ringMade({ ring, before, isBlameless }) {
      for (const broker of before.brokers) {
        const isIn = ring.brokers.some(({ instanceId }) => instanceId === broker.instanceId);
        if (!isIn && isBlameless(broker))
          find(`ring ${formatVersion(ring.version)} removes ${broker.uri}, which all could use`);
      }
    },
    ending(ending) {
      agreeOnRing(ending, find);
      for (const member of ending.members) isAtRest(member, find);
      subscribersAreUpToDate(ending, find);
    },
  };
}

function agreeOnRing({ members }: Ending, find: Find): void {
  const [first] = members;
  if (first === undefined) return;
  const version = formatVersion(first.ring.version);
  for (const { name, ring } of members) {
    const other = formatVersion(ring.version);
    if (other !== version) find(`${first.name} is at ring ${version}, ${name} at ${other}`);
  }
  const ids = (list: readonly { readonly instanceId: string }[]): string =>
    list
      .map(({ instanceId }) => instanceId)
      .toSorted()
      .join();
  const live = members.filter(({ role }) => role === "broker");
  if (ids(first.ring.brokers) === ids(live)) return;
  const listed = first.ring.brokers.map(({ uri, instanceId }) => `${uri}#${instanceId.slice(0, 8)}`);
  const names = live.map(({ name, instanceId }) => `${name}#${instanceId.slice(0, 8)}`);
  find(`ring ${version} lists [${listed}], and the brokers that live are [${names}]`);
}

function isAtRest({ name, trouble, pending }: MemberEnding, find: Find): void {
  if (trouble !== undefined) find(`${name} is not ready: ${trouble}`);
  for (const [what, count] of Object.entries(pending)) {
    if (count > 0) find(`${name} still has ${count} ${what}`);
  }
}

function subscribersAreUpToDate({ members, subscriptions, liveWorkers }: Ending, find: Find): void {
  const logs = new Map(members.flatMap(({ logs }) => logs.map((log) => [log.channel, log] as const)));
  for (const subscription of subscriptions) {
    const { name, channel, last, endedAt, acknowledgedAt, worker } = subscription;
    if (endedAt !== undefined || !liveWorkers.has(worker)) continue;
    if (acknowledgedAt === undefined) find(`${name} still waits for its subscription to ${channel}`);
    const log = logs.get(channel);
    if (log === undefined || last === undefined || !heardSinceGap(subscription)) continue;
    const at = `${channel}@${formatEpoch(log.epoch)}:${log.stable}`;
    if (formatPlace(last) !== at) find(`${name} is at ${formatPlace(last)}, its owner at ${at}`);
  }
}

/** After a gap with nothing behind it, the place of a subscription is known to its worker only. */
function heardSinceGap({ openGap }: Subscription): boolean {
  return openGap === undefined;
}

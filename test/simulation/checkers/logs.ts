import type { ChannelLog } from "../../../src/pubsub/channel-log.ts";
import { compareEpochs, formatVersion, type RingVersion } from "../../../src/pubsub/version.ts";
import type { Checker, Find } from "../checker.ts";
import type { Holds } from "../holdings.ts";
import { ensure } from "../table.ts";
import { formatEpoch, type OwnerSaid } from "../truth.ts";
import type { GapExcuse } from "./subscriptions.ts";

/** A log lives on for at least so long after its last message; clocks may differ by a hundredth, ms. */
const REMEMBERED_MS = 59_000;

/** All that was ever said of a channel. */
interface Told {
  place: OwnerSaid["place"];
  version: RingVersion;
  at: number;
  readonly sequences: Map<string, { sequence: number; at: number }>;
}

/**
 * Invariant 5: unless the last two complete copies of a channel were lost, the log that an owner serves has everything
 * that was ever confirmed or shown, and the sequences of its origins. Looked at when an owner first speaks of a channel
 * under a ring: only then may its log have come from elsewhere.
 */
export function keepsAll(holds: Holds, excuse: Pick<GapExcuse, "now" | "under">): (find: Find) => Checker {
  return (find) => {
    const channels = new Map<string, Told>();
    const looked = new Set<string>();
    const look = (told: Told, { by, instanceId, version, channel }: OwnerSaid): void => {
      const lack = lackOf(told, holds.log(instanceId, channel, version), holds.now - REMEMBERED_MS);
      if (lack !== undefined)
        find(`${by} serves ${channel} under ring ${formatVersion(version)} without ${lack}`);
    };
    return {
      invariant: 5,
      ownerSaid(said) {
        const { instanceId, version, channel } = said;
        if (!holds.isListed(instanceId)) return;
        const key = `${formatVersion(version)} ${instanceId} ${channel}`;
        if (!looked.has(key)) {
          const told = channels.get(channel);
          // What was lost is not asked for again.
          if (excuse.now() || (told && excuse.under(version, told.version))) channels.delete(channel);
          else if (told) look(told, said);
        }
        looked.add(key);
        note(
          ensure(channels, channel, () => nothing(version)),
          said,
          holds.now,
        );
      },
    };
  };
}

function nothing(version: RingVersion): Told {
  return { place: undefined, version, at: 0, sequences: new Map() };
}

function note(told: Told, { version, place, publication }: OwnerSaid, now: number): void {
  told.version = version;
  told.at = now;
  if (place !== undefined && isBehind(told.place, place)) {
    // A log that was opened anew, for a reason, knows no origins of the old one.
    if (told.place !== undefined && compareEpochs(told.place.epoch, place.epoch) !== 0)
      told.sequences.clear();
    told.place = place;
  }
  if (publication === undefined) return;
  const { origin, sequence } = publication;
  const known = told.sequences.get(origin)?.sequence ?? 0;
  told.sequences.set(origin, { sequence: Math.max(known, sequence), at: now });
}

function isBehind(a: OwnerSaid["place"], b: { readonly epoch: RingEpoch; readonly offset: number }): boolean {
  return a === undefined || (compareEpochs(a.epoch, b.epoch) || a.offset - b.offset) < 0;
}

type RingEpoch = ChannelLog["epoch"];

/** What of that a log lacks; what was said before `since` may be forgotten. */
function lackOf(told: Told, log: ChannelLog | null | undefined, since: number): string | undefined {
  if (log === undefined) return undefined;
  const { place } = told;
  if (place !== undefined) {
    // A log that nobody published to goes with its last subscriber. Whose it was all the same is told of a gap: invariant 10.
    const wasEmpty = place.offset === 0;
    const age = log === null ? (wasEmpty ? 0 : -1) : compareEpochs(log.epoch, place.epoch);
    const isShort = age < 0 || (age === 0 && (log?.last ?? 0) < place.offset);
    if (isShort || (age > 0 && told.at > since && !wasEmpty))
      return `${formatEpoch(place.epoch)}:${place.offset}`;
  }
  for (const [origin, { sequence, at }] of told.sequences) {
    const highest = log?.origins.highest(origin) ?? 0;
    if (at > since && highest < sequence) return `the publication ${sequence} of ${origin.slice(0, 8)}`;
  }
  return undefined;
}

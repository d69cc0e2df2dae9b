import { compareEpochs } from "../../../src/pubsub/version.ts";
import type { Checker, Find } from "../checker.ts";
import { type Holds, mayBeOlder } from "../holdings.ts";
import { formatEpoch, type OwnerSaid } from "../truth.ts";

/**
 * Invariant 4: at the moment of a confirmation, a record or a subscribe answer, owner and follower of the sender's ring
 * hold what it names and everything below. Whoever is no more cannot be asked; nor is an owner that others have already
 * replaced without its knowledge: whom it counts on may have let go of what it holds.
 */
export function heldTwice(holds: Holds): (find: Find) => Checker {
  return (find) => ({
    invariant: 4,
    ownerSaid(said) {
      const { by, instanceId, version, channel } = said;
      if (!holds.isListed(instanceId) || mayBeOlder(said, holds)) return;
      const follower = holds.ring(version)?.placement.follower(channel);
      for (const holder of [instanceId, follower?.instanceId]) {
        const lack = holder === undefined ? undefined : lackAt(holds, holder, said);
        if (lack === undefined) continue;
        const who = holder === instanceId ? "itself" : `its follower ${follower?.uri}`;
        find(`${by} speaks of ${lack}, which ${who} does not hold`);
      }
    },
  });
}

/** What of it a member lacks. */
function lackAt(
  holds: Holds,
  instanceId: string,
  { version, channel, place, publication }: OwnerSaid,
): string | undefined {
  const log = holds.log(instanceId, channel, version);
  if (log === undefined) return undefined;
  if (place !== undefined) {
    const age = log === null ? -1 : compareEpochs(log.epoch, place.epoch);
    if (age < 0 || (age === 0 && (log?.last ?? 0) < place.offset))
      return `${channel}@${formatEpoch(place.epoch)}:${place.offset}`;
  }
  if (publication === undefined) return undefined;
  const { origin, sequence } = publication;
  const highest = log?.origins.highest(origin) ?? 0;
  return highest < sequence
    ? `the publication ${sequence} of ${origin.slice(0, 8)} in ${channel}`
    : undefined;
}

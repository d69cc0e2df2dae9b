import { placementOf } from "../../../src/cluster/ring/placement.ts";
import type { Ring } from "../../../src/cluster/ring/ring.ts";
import { formatVersion } from "../../../src/pubsub/version.ts";
import type { Checker, Find } from "../checker.ts";

const NAMES = Array.from({ length: 400 }, (_, index) => `channel ${index}`);
/** How far the share of a sample may be off: five standard deviations. */
const DEVIATIONS = 5;

/**
 * Invariant 12: a ring that changes nothing is not made, and a broker more or fewer moves only the channels that
 * it takes or gives, at most its share.
 */
export function movesItsShare(find: Find): Checker {
  return {
    invariant: 12,
    ringMade({ ring, before }) {
      const version = formatVersion(ring.version);
      const added = missingIn(before, ring);
      const removed = missingIn(ring, before);
      const isSame =
        added.size + removed.size === 0 &&
        ring.placement === before.placement &&
        keepersOf(ring) === keepersOf(before);
      if (isSame) find(`ring ${version} is the same as ${formatVersion(before.version)}`);
      if (ring.placement !== "rendezvous" || before.placement !== "rendezvous") return;
      if (before.brokers.length === 0) return;
      const [now, then] = [placementOf(ring), placementOf(before)];
      let moved = 0;
      for (const name of NAMES) {
        const [from, to] = [then.owner(name), now.owner(name)];
        // A new instance at the same address takes what the old one had.
        if (from?.uri === to?.uri) continue;
        moved += 1;
        if (added.has(to?.uri ?? "") || removed.has(from?.uri ?? "")) continue;
        return find(
          `ring ${version} moves "${name}" from ${from?.uri} to ${to?.uri}, which both were there and stay`,
        );
      }
      const share = Math.min(1, added.size / ring.brokers.length + removed.size / before.brokers.length);
      const most = NAMES.length * share + DEVIATIONS * Math.sqrt(NAMES.length * share * (1 - share)) + 1;
      if (moved > most)
        find(`ring ${version} moves ${moved} of ${NAMES.length} channels; ${Math.floor(most)} is its share`);
    },
  };
}

/** Addresses in `ring` that are not in `other`. */
function missingIn(other: Ring, ring: Ring): Set<string> {
  const known = new Set(other.brokers.map(({ instanceId }) => instanceId));
  return new Set(ring.brokers.filter(({ instanceId }) => !known.has(instanceId)).map(({ uri }) => uri));
}

function keepersOf({ keepers }: Ring): string {
  return keepers
    .map(({ instanceId }) => instanceId)
    .toSorted()
    .join();
}

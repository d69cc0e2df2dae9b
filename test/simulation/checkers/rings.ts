import type { Ring } from "../../../src/cluster/ring/ring.ts";
import { compareVersions, formatVersion, type RingVersion } from "../../../src/pubsub/version.ts";
import type { Checker, Find } from "../checker.ts";

/** Invariant 1: a member's ring version only grows; one version is one ring, everywhere. */
export function ringsGrow(find: Find): Checker {
  const held = new Map<string, RingVersion>();
  const rings = new Map<string, string>();
  return {
    invariant: 1,
    ringHeld(life, ring) {
      const before = held.get(life);
      const version = formatVersion(ring.version);
      if (before !== undefined && compareVersions(ring.version, before) <= 0) {
        find(`${life} went from ring ${formatVersion(before)} to ${version}`);
      }
      held.set(life, ring.version);
      const what = contents(ring);
      const known = rings.get(version);
      if (known === undefined) rings.set(version, what);
      else if (known !== what) find(`ring ${version} is ${what} at ${life}, and ${known} elsewhere`);
    },
  };
}

function contents({ placement, brokers, keepers }: Ring): string {
  const list = (members: Ring["brokers"]): string =>
    members
      .map(({ uri, instanceId }) => `${uri}#${instanceId}`)
      .toSorted()
      .join();
  return `${placement} ${list(brokers)} keepers ${list(keepers)}`;
}

import { membersOf } from "../../../src/cluster/ring/ring.ts";
import { compareVersions, formatVersion, type RingVersion } from "../../../src/pubsub/version.ts";
import type { Checker, Find } from "../checker.ts";
import { type Holds, mayBeOlder, TURN_MS } from "../holdings.ts";
import { ensure } from "../table.ts";
import type { DoneSaid } from "../truth.ts";

/**
 * Invariant 2: under one version at most one broker serves a channel, and it has the `done` of every other member; who
 * said `done` says nothing as an owner under an older version. The one broker is whom the ring's placement names.
 */
export function servesAlone(holds: Holds): (find: Find) => Checker {
  return (find) => {
    /** Who said `done` to whom, by version and owner. */
    const done = new Map<string, Set<string>>();
    /** The newest version that each instance said `done` of, and when. */
    const newest = new Map<string, { readonly version: RingVersion; readonly at: number }>();
    const complete = new Set<string>();
    const keyOf = (version: RingVersion, owner: string): string => `${formatVersion(version)} ${owner}`;
    return {
      invariant: 2,
      doneSaid({ instanceId, to, version }: DoneSaid) {
        ensure(done, keyOf(version, to), () => new Set<string>()).add(instanceId);
        const known = newest.get(instanceId);
        if (known === undefined || compareVersions(version, known.version) > 0)
          newest.set(instanceId, { version, at: holds.now });
      },
      ownerSaid(said) {
        const { by, instanceId, version, channel } = said;
        if (mayBeOlder(said, holds)) return;
        const key = keyOf(version, instanceId);
        const { ring, placement } = holds.ring(version) ?? {};
        const name = `${by} serves ${channel} under ring ${formatVersion(version)}`;
        const owner = placement?.owner(channel)?.instanceId;
        if (owner !== instanceId) return find(`${name}, which gives it to ${owner}`);
        const later = newest.get(instanceId);
        // What was said in the same turn may be sent in any order, on links to different members.
        if (
          later !== undefined &&
          compareVersions(later.version, version) > 0 &&
          holds.now - later.at > TURN_MS
        )
          return find(`${name}, after it was done with that under ${formatVersion(later.version)}`);
        if (complete.has(key) || ring === undefined) return;
        const heard = done.get(key);
        const missing = membersOf(ring).filter(
          (member) => member.instanceId !== instanceId && !heard?.has(member.instanceId),
        );
        if (missing.length > 0)
          return find(`${name}, before ${missing.map(({ uri }) => uri)} said what they hold`);
        complete.add(key);
      },
    };
  };
}

import { compareVersions, type RingVersion } from "../../pubsub/version.ts";
import { type Placement, placementOf } from "./placement.ts";
import { hasMember, membersOf, type Ring, type RingMember } from "./ring.ts";

interface PastRing {
  readonly version: RingVersion;
  readonly placement: Placement;
  readonly members: readonly RingMember[];
  /** The owners that this member told under it that it has offered all it holds. */
  readonly told: ReadonlySet<string>;
}

/** Rings that are remembered: so many changes do not happen before one is settled. */
const MOST = 64;

/**
 * The rings that this member adopted before the current one, to tell which copies may be out of date.
 *
 * A channel that was served under a ring is held, as it was then, by its owner and its follower under that ring. If
 * both are gone, nobody can say whether it was; so an older copy than that may lack what was confirmed, and to go on
 * with it would give offsets to other messages than before. It is as if there were none: a new epoch, and a gap that
 * subscribers are told of. A ring that lists this member was not served before its `done`: not at all if it did not adopt
 * it, and not by an owner that it never told. Pure.
 */
export class PastRings {
  #past: PastRing[] = [];
  #told = new Set<string>();
  /** Those of which two or more members are gone. */
  #broken: { readonly ring: PastRing; readonly gone: ReadonlySet<string> }[] = [];

  /** @param before what was current until now */
  adopted(ring: Ring, before: Ring): void {
    if (before.brokers.length > 0) {
      this.#past.push({
        version: before.version,
        placement: placementOf(before),
        members: membersOf(before),
        told: this.#told,
      });
      if (this.#past.length > MOST) this.#past.shift();
    }
    this.#told = new Set();
    const members = membersOf(ring);
    this.#broken = this.#past.flatMap((past) => {
      const gone = past.members.filter(({ instanceId }) => !hasMember(members, instanceId));
      return gone.length === 0 ? [] : [{ ring: past, gone: new Set(gone.map((each) => each.instanceId)) }];
    });
  }

  /** This member says `done` to an owner, under the current ring. */
  doneIsSaid(ownerId: string): void {
    this.#told.add(ownerId);
  }

  /**
   * Whether a copy that was last complete under a ring may lack what was confirmed since.
   *
   * @param holderId the member that holds it: this one
   */
  mayLack(channel: string, rank: RingVersion, holderId: string): boolean {
    return this.#broken.some(({ ring, gone }) => {
      if (compareVersions(ring.version, rank) <= 0) return false;
      const isGone = (member: RingMember | undefined): boolean =>
        member === undefined || gone.has(member.instanceId);
      const owner = ring.placement.owner(channel);
      if (hasMember(ring.members, holderId) && owner && !ring.told.has(owner.instanceId)) return false;
      return isGone(owner) && isGone(ring.placement.follower(channel));
    });
  }
}

import { compareVersions, type RingVersion } from "../../pubsub/version.ts";
import { BrokenStateError } from "../../runtime/contain.ts";
import { PastRings } from "./past-rings.ts";
import { type Placement, placementOf } from "./placement.ts";
import { mayFollow, NO_RING, type Ring } from "./ring.ts";

/**
 * The newest ring that this member knows, whoever it came from: scc-state or any link. Its version only
 * grows. Everybody on this member who needs to know of a new one is told in the order of registration.
 */
export class CurrentRing {
  readonly #listeners: ((ring: Ring, before: Ring) => void)[] = [];
  /** What was current before. */
  readonly past = new PastRings();
  #ring = NO_RING;
  #placement = placementOf(NO_RING);

  get ring(): Ring {
    return this.#ring;
  }

  get version(): RingVersion {
    return this.#ring.version;
  }

  get placement(): Placement {
    return this.#placement;
  }

  /** Whether there is a ring with brokers in it. */
  get exists(): boolean {
    return this.#ring.brokers.length > 0;
  }

  onAdopted(listener: (ring: Ring, before: Ring) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Takes a ring if it is newer than the one at hand and not too far ahead of it; returns whether it did.
   *
   * @throws {BrokenStateError} if somebody could not adopt it: others have, and a member that is at two rings at once
   *   could confirm what is not held
   */
  offer(ring: Ring): boolean {
    if (!mayFollow(ring, this.version)) return false;
    const before = this.#ring;
    this.#ring = ring;
    this.past.adopted(ring, before);
    this.#placement = placementOf(ring);
    try {
      for (const listener of this.#listeners) listener(ring, before);
    } catch (error) {
      throw new BrokenStateError("the adoption of a ring", error);
    }
    return true;
  }

  /** Whether a version is that of the ring at hand. */
  isAt(version: RingVersion): boolean {
    return compareVersions(version, this.version) === 0;
  }
}

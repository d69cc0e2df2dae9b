import type { Member } from "./membership.ts";
import type { PlacementKind } from "./ring.ts";

/** Whether workers of upstream's are or may be here, and how channels are to be placed for them. Pure: time is handed in. */
export class UpstreamPresence {
  readonly placement: PlacementKind;
  readonly #grace: number;
  /** When the last one was here, or may still have been on its way back to a restarted scc-state. */
  #seenAt: number;

  /**
   * @param placement how they place channels
   * @param grace how long they are waited for when the last one has gone, ms: it may only be restarting
   * @param expectedUntil until when they may find their way to a scc-state that has just started
   */
  constructor(placement: PlacementKind, grace: number, expectedUntil: number) {
    this.placement = placement;
    this.#grace = grace;
    this.#seenAt = expectedUntil;
  }

  /** One of them was here until now. */
  left(now: number): void {
    this.#seenAt = Math.max(this.#seenAt, now);
  }

  /** When they are given up, if none comes. */
  get goneAt(): number {
    return this.#seenAt + this.#grace;
  }

  /**
   * @param members that are here now
   * @param current the placement until now
   */
  placementDue(members: readonly Member[], current: PlacementKind, now: number): PlacementKind {
    if (members.some(({ isUpstream }) => isUpstream)) return this.placement;
    return now >= this.goneAt ? "rendezvous" : current;
  }
}

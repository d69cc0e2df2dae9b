import { hasMember, type RingMember } from "../../cluster/ring/ring.ts";
import { SUSPECT_MS } from "../../cluster/settings.ts";
import type { Accusations } from "./accusations.ts";

/**
 * Brokers and keepers that cannot reach each other, though nobody else complains: they could not copy to each other,
 * so after a while one of them has to go. Pure: the time comes in as an argument.
 */
export class Suspicions {
  /** Since when a pair is at odds, by both ids. */
  readonly #since = new Map<string, number>();

  /** When the next of them becomes due. */
  get dueAt(): number {
    let first = Infinity;
    for (const since of this.#since.values()) first = Math.min(first, since + SUSPECT_MS);
    return first;
  }

  /**
   * Who has to go.
   *
   * @param accusations by member
   * @param members brokers, oldest first, then keepers
   * @param brokers of the members those that are brokers: only their accusations count here
   * @param isHere whether a member talks with this scc-state: who does not is more likely the one at fault
   */
  review(
    accusations: Accusations,
    members: readonly RingMember[],
    brokers: ReadonlySet<string>,
    isHere: (instanceId: string) => boolean,
    now: number,
  ): string[] {
    const pairs = pairsAtOdds(accusations, members, brokers);
    for (const pair of this.#since.keys()) if (!pairs.has(pair)) this.#since.delete(pair);
    const count = new Map<string, number>();
    for (const id of [...pairs.values()].flat()) count.set(id, (count.get(id) ?? 0) + 1);
    const going = new Set<string>();
    for (const [pair, [a, b]] of pairs) {
      const since = this.#since.get(pair) ?? now;
      this.#since.set(pair, since);
      if (now - since < SUSPECT_MS || going.has(a) || going.has(b)) continue;
      const isAway = Number(!isHere(a)) - Number(!isHere(b));
      // Who owns nothing is missed least.
      const isKeeper = Number(!brokers.has(a)) - Number(!brokers.has(b));
      const more =
        isAway ||
        isKeeper ||
        (count.get(a) ?? 0) - (count.get(b) ?? 0) ||
        placeOf(members, a) - placeOf(members, b);
      going.add(more > 0 ? a : b);
    }
    return [...going];
  }
}

/** Pairs of which one cannot use the other, by both ids. */
function pairsAtOdds(
  accusations: Accusations,
  members: readonly RingMember[],
  brokers: ReadonlySet<string>,
): Map<string, readonly [string, string]> {
  const pairs = new Map<string, readonly [string, string]>();
  for (const [accuser, accused] of accusations) {
    if (!brokers.has(accuser)) continue;
    for (const instanceId of accused) {
      if (!hasMember(members, instanceId)) continue;
      pairs.set([accuser, instanceId].toSorted().join(" "), [accuser, instanceId]);
    }
  }
  return pairs;
}

function placeOf(members: readonly RingMember[], id: string): number {
  return members.findIndex(({ instanceId }) => instanceId === id);
}

import { placementOf } from "../../cluster/ring/placement.ts";
import { NO_RING, type Ring } from "../../cluster/ring/ring.ts";

/** Names that are placed to see who owns how much: a share is exact to a percent or so. */
const SAMPLES = 4096;

/** Which part of all channels each broker owns under a ring. Worked out when asked for, and once per ring. */
export class Shares {
  #ring: Ring = NO_RING;
  #shares: ReadonlyMap<string, number> = new Map();

  /** From 0 to 1, by instance. */
  of(ring: Ring): ReadonlyMap<string, number> {
    if (ring === this.#ring) return this.#shares;
    const placement = placementOf(ring);
    const counts = new Map<string, number>();
    for (let sample = 0; sample < SAMPLES; sample++) {
      const id = placement.owner(`sample ${sample}`)?.instanceId;
      if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    this.#ring = ring;
    this.#shares = new Map([...counts].map(([id, count]) => [id, count / SAMPLES]));
    return this.#shares;
  }
}

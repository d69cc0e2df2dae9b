import type { Profile } from "../plan.ts";
import type { World } from "../world.ts";

/**
 * Something that goes wrong. A new fault is one of these in the list of its file: it picks its victim with
 * `world.random`, tells `world.ledger` what it excuses, and hands whatever ends it to `world.later`.
 */
export interface Fault {
  readonly name: string;
  readonly profiles: readonly Profile[];
  /** How often it is drawn, beside the others of its profile. */
  readonly weight: number;
  /** Does it; returns what was done, for the trace, or undefined if there was nothing to do it to. */
  strike(world: World): string | undefined;
}

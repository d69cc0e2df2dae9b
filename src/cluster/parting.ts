import type { Clock } from "../runtime/clock.ts";
import type { Holder } from "./holder.ts";

/** What is known where a worker says goodbye. */
export interface Parting {
  readonly holder: Pick<Holder, "follows" | "whenFree">;
  readonly clock: Clock;
  /** How long to wait for somebody to take over, ms. */
  readonly patienceMs: number;
  /** Whether the owner is there, and has all that is kept here. */
  readonly hasOwner: () => boolean;
}

/**
 * When a worker that said goodbye may go: where it keeps the second copies of the only broker, once another worker
 * does. Where there is no other it goes after a while; but not while that broker is gone, and its copies are the only
 * ones.
 *
 * @returns for `StateLink.leave`
 */
export function partingOf(parting: Parting): (done: () => void) => void {
  const { holder, clock, patienceMs, hasOwner } = parting;
  return (done) => {
    const look = (): void => {
      if (!holder.follows) return;
      if (hasOwner()) done();
      else clock.after(patienceMs, look);
    };
    holder.whenFree(done);
    if (holder.follows) clock.after(patienceMs, look);
  };
}

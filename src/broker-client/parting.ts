import type { Holder } from "../cluster/replica/holder.ts";
import type { Clock } from "../runtime/clock.ts";

/** What is known where a worker says goodbye. */
export interface Parting {
  readonly holder: Pick<Holder, "follows" | "whenFree">;
  readonly clock: Clock;
  /** Signs of life that came from the only broker on the connection with it; 0 while there is none. */
  readonly ownerBeats: () => number;
}

const LOOK_MS = 1000;
/** How long to wait for somebody to take over: a broker that has just died is known to be silent by then, ms. */
const PATIENCE_MS = 4000;

/**
 * When a worker that said goodbye may go: where it keeps the second copies of the only broker, once another worker
 * does. Where nobody can tell another to, scc-state being away, it goes after a while; but not unless that broker has
 * just given a sign of life, and its copies are not the only ones.
 *
 * @returns for `StateLink.leave`
 */
export function partingOf({ holder, clock, ownerBeats }: Parting): (done: () => void) => void {
  return (done) => {
    let patience = PATIENCE_MS;
    let beats = ownerBeats();
    const look = (): void => {
      if (!holder.follows) return;
      const before = beats;
      beats = ownerBeats();
      patience -= LOOK_MS;
      if (patience <= 0 && beats > before) done();
      else clock.after(LOOK_MS, look);
    };
    holder.whenFree(done);
    if (holder.follows) clock.after(LOOK_MS, look);
  };
}

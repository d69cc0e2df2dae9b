import type { Clock } from "../runtime/clock.ts";
import type { Holder } from "./holder.ts";

/**
 * When a worker that said goodbye may go: where it keeps the second copies of the only broker, once another worker
 * does; where there is no other, after a while.
 *
 * @param patienceMs how long to wait for somebody to take over
 * @returns for `StateLink.leave`
 */
export function partingOf(holder: Holder, clock: Clock, patienceMs: number): (done: () => void) => void {
  return (done) => {
    holder.whenFree(done);
    if (!holder.follows) return;
    clock.after(patienceMs, () => {
      if (holder.follows) done();
    });
  };
}

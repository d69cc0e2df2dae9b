import { Budgets } from "../runtime/budgets.ts";
import type { Clock } from "../runtime/clock.ts";
import { networkOf } from "../runtime/network.ts";

/** How often members that come from one address may have theirs dialled: some at once, then five a second. */
const BUDGET = { most: 100, refillMs: 200, remembered: 1000 };

/** Whoever registers again and again must not have scc-state dial one address after the other. */
export class ProbePace {
  readonly #clock: Clock;
  readonly #budgets = new Budgets(BUDGET);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** When an address may be dialled for a member that comes from `from`; undefined: now. */
  turn(from = ""): Promise<void> | undefined {
    const waitMs = this.#budgets.take(networkOf(from), this.#clock.now());
    return waitMs === 0 ? undefined : new Promise((resolve) => this.#clock.after(waitMs, resolve));
  }
}

import type { Checker, Find } from "../checker.ts";

/** Invariant 9: every buffer, tail, table and held queue is within its configured bound. */
export function withinBounds(find: Find): Checker {
  return {
    invariant: 9,
    measured(amounts) {
      for (const { member, what, value, bound } of amounts) {
        if (value > bound) find(`${what} of ${member} are ${value}, with a bound of ${bound}`);
      }
    },
  };
}

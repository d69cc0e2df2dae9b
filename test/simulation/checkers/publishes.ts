import type { Checker, Find } from "../checker.ts";

/** What an end may take beyond its limit, ms of running time. */
const GRACE_MS = 1000;

/**
 * Invariant 8: every publish ends exactly once, within the publish limit plus one second of running time; a
 * rejection that says "did not happen" did not.
 */
export function endsOnce(find: Find): Checker {
  const impossible = new Set<string>();
  return {
    invariant: 8,
    recordSaid({ place, known }) {
      if (known === undefined && impossible.has(place.text))
        find(`${place.text} happened, after its publisher was told that it did not`);
    },
    ended(message) {
      const { text, ends, rejection, places } = message;
      if (ends > 1) find(`${text} ended ${ends} times`);
      if (rejection === undefined || rejection.mayStillArrive) return;
      if (places.length > 0) find(`${text} was rejected as not happened, and had: ${rejection.text}`);
      impossible.add(text);
    },
    overdue(what, ranFor, limit) {
      if (ranFor > limit + GRACE_MS)
        find(`${what} is open after ${Math.round(ranFor)} ms, with a limit of ${limit} ms`);
    },
  };
}

/** Of invariant 8, where faults pass sooner than the publish limit: then no publish times out. */
export function noNeedlessTimeout(mayTimeOut: () => boolean): (find: Find) => Checker {
  return (find) => ({
    invariant: 8,
    ended({ text, rejection }) {
      if (rejection?.name !== "PublishTimeoutError" || mayTimeOut()) return;
      find(`${text} timed out, with no reason to: ${rejection.text}`);
    },
  });
}

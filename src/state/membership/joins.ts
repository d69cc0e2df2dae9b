/** One flapping broker cannot keep others waiting for longer than this many quiet periods. */
const MOST_QUIET_PERIODS = 4;

/** When those who wait to join are let in: once nobody has come for a quiet period, so that ten brokers make one change; ms. */
export function joinsDueAt(
  candidates: ReadonlyMap<string, { readonly since: number }>,
  { scaleOut, startup }: { readonly scaleOut: number; readonly startup: number },
  startedAt: number,
): number {
  if (candidates.size === 0) return Infinity;
  const times = [...candidates.values()].map(({ since }) => since);
  const quiet = Math.max(...times) + scaleOut;
  const bound = Math.min(...times) + MOST_QUIET_PERIODS * scaleOut;
  return Math.max(startedAt + startup, Math.min(quiet, bound));
}

/** The most of these moments (ms, in any order) that lie within one second, wherever that begins. */
export function mostInAnySecond(moments: readonly number[]): number {
  const sorted = moments.toSorted((a, b) => a - b);
  let most = 0;
  let first = 0;
  for (const [last, moment] of sorted.entries()) {
    while (moment - (sorted[first] ?? moment) >= 1000) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Each is one of the values: the smallest that so many in a hundred do not exceed. All 0 where there are none. */
export function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}

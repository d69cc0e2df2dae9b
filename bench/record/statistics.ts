/** What several measurements of one thing come to. */
export interface Summary {
  readonly n: number;
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Undefined where there is none. What is not a number is not counted. */
export function summaryOf(values: readonly (number | undefined)[]): Summary | undefined {
  const sorted = values
    .filter((value) => value !== undefined)
    .filter(Number.isFinite)
    .toSorted((a, b) => a - b);
  const [low] = sorted;
  const high = sorted.at(-1);
  if (low === undefined || high === undefined) return undefined;
  const middle = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(middle)] ?? low) + (sorted[Math.ceil(middle)] ?? high)) / 2;
  return { n: sorted.length, median, low, high };
}

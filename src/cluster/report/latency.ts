/**
 * Times in buckets that grow by a fifth each, so that those of several processes can be added. Bucket 0 ends at
 * 0.05 ms, the last one is open.
 */
export const LATENCY_BUCKETS = 100;

const FIRST_MS = 0.05;
const STEPS_PER_DOUBLING = 4;

/** The bucket that a time (ms) is counted in. */
export function bucketOf(ms: number): number {
  if (ms <= FIRST_MS) return 0;
  return Math.min(LATENCY_BUCKETS - 1, Math.ceil(Math.log2(ms / FIRST_MS) * STEPS_PER_DOUBLING));
}

/** The longest time (ms) of a bucket. */
export function endOf(bucket: number): number {
  return FIRST_MS * 2 ** (bucket / STEPS_PER_DOUBLING);
}

/**
 * The time (ms) that a part of all times does not exceed; undefined where there are none.
 *
 * @param counts by bucket
 * @param part from 0 to 1, such as 0.99
 */
export function percentile(counts: readonly number[], part: number): number | undefined {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  let left = total * part;
  for (const [bucket, count] of counts.entries()) {
    if (left > count || count === 0) {
      left -= count;
      continue;
    }
    const start = bucket === 0 ? 0 : endOf(bucket - 1);
    return start + (endOf(bucket) - start) * (left / count);
  }
  return endOf(counts.length - 1);
}

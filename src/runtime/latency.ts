/** Upper bounds, seconds: from a worker alone to a publish that is rejected. */
export const LATENCY_BUCKETS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** How many of some durations were how long, as plain numbers: observing costs a few comparisons. */
export class Latencies {
  /** How many were at most as long as each bucket and longer than the one before; the last is for longer ones. */
  readonly counts: number[] = new Array<number>(LATENCY_BUCKETS.length + 1).fill(0);
  /** Of all, seconds. */
  sum = 0;

  /** @param ms how long it took */
  observe(ms: number): void {
    const seconds = ms / 1000;
    let bucket = 0;
    while (bucket < LATENCY_BUCKETS.length && seconds > (LATENCY_BUCKETS[bucket] ?? Infinity)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += seconds;
  }

  /** As if all had been observed by one. */
  static sum(...parts: readonly Latencies[]): Latencies {
    const all = new Latencies();
    for (const { counts, sum } of parts) {
      for (const [bucket, count] of counts.entries()) all.counts[bucket] = (all.counts[bucket] ?? 0) + count;
      all.sum += sum;
    }
    return all;
  }
}

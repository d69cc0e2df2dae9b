import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from "hdr-histogram-js";
import type { Latency } from "../plan.ts";

/** Values up to an hour, to three digits. */
const HIGHEST_US = 3_600_000_000;
const SETTINGS = {
  bitBucketSize: 64,
  autoResize: false,
  lowestDiscernibleValue: 1,
  highestTrackableValue: HIGHEST_US,
  numberOfSignificantValueDigits: 3,
  useWebAssembly: false,
} as const;

/** Latencies below this are counted in a plain array first, which is many times quicker than the histogram. */
const FRONT_US = 2 ** 16;

/** A `Recorder` as text, to be sent to another process. */
export interface Recorded {
  readonly histogram: string;
  /** µs */
  readonly max: number;
}

/** Latencies in µs, as a histogram. */
export class Recorder {
  readonly #histogram: Histogram = build(SETTINGS);
  readonly #front = new Uint32Array(FRONT_US);
  #frontCount = 0;
  #max = 0;

  /** @param value whole µs; negative ones count as 0 */
  record(value: number): void {
    if (value > this.#max) this.#max = value;
    if (value < FRONT_US) {
      const at = value < 0 ? 0 : value;
      this.#front[at] = (this.#front[at] ?? 0) + 1;
      this.#frontCount++;
    } else this.#histogram.recordValue(Math.min(value, HIGHEST_US));
  }

  /** Adds everything that another one recorded, and empties that. */
  take(other: Recorder): void {
    this.add(other);
    other.#histogram.reset();
    other.#max = 0;
  }

  add(other: Recorder): void {
    other.#settle();
    this.#histogram.add(other.#histogram);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** At most so many ms were ... of the recorded. @param share 0 to 100 */
  percentileMs(share: number): number {
    this.#settle();
    if (this.#histogram.totalCount === 0) return 0;
    // The histogram says the end of the range that it holds for the same, which nothing may have reached.
    return Math.min(this.#histogram.getValueAtPercentile(share), this.#max) / 1000;
  }

  get latency(): Latency {
    this.#settle();
    const { totalCount: count, mean } = this.#histogram;
    return {
      count,
      mean: count === 0 ? 0 : mean / 1000,
      p50: this.percentileMs(50),
      p90: this.percentileMs(90),
      p99: this.percentileMs(99),
      p999: this.percentileMs(99.9),
      max: this.#max / 1000,
    };
  }

  encode(): Recorded {
    this.#settle();
    return { histogram: encodeIntoCompressedBase64(this.#histogram), max: this.#max };
  }

  static decode({ histogram, max }: Recorded): Recorder {
    const recorder = new Recorder();
    recorder.#histogram.add(decodeFromCompressedBase64(histogram, SETTINGS.bitBucketSize, false));
    recorder.#max = max;
    return recorder;
  }

  #settle(): void {
    if (this.#frontCount === 0) return;
    for (const [value, count] of this.#front.entries())
      if (count > 0) this.#histogram.recordValueWithCount(value, count);
    this.#front.fill(0);
    this.#frontCount = 0;
  }
}

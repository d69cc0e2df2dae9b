/** What a delivery is, by its sequence: the next or a later one, one that was missing, one that was there already. */
export const FRESH = 0;
export const LATE = 1;
export const REPEATED = 2;
export type Arrival = typeof FRESH | typeof LATE | typeof REPEATED;

/** Gaps that are kept per track, and over all. What falls out of the window counts as lost for good. */
const MOST_GAPS = 256;
const MOST_GAPS_IN_ALL = 500_000;

/** The gaps of one track: `from` and `to` (not included) of each, ascending. */
interface Gaps {
  readonly ranges: number[];
  /** Sequences in gaps that are no longer kept. */
  writtenOff: number;
  /** Below this nothing is known any more. */
  floor: number;
}

/**
 * Which sequences came on each track. As long as a track is in order it costs four bytes and one comparison;
 * gaps are kept as ranges until they are filled.
 */
export class Tracks {
  readonly #next: Uint32Array;
  readonly #gaps = new Map<number, Gaps>();
  #gapsInAll = 0;

  constructor(tracks: number) {
    this.#next = new Uint32Array(tracks);
  }

  /** Takes note of a delivery. */
  saw(track: number, sequence: number): Arrival {
    const next = this.#next[track] ?? 0;
    if (sequence < next) return this.#fill(track, sequence);
    if (sequence > next) this.#open(track, next, sequence);
    this.#next[track] = sequence + 1;
    return FRESH;
  }

  /** Whether a sequence has not come. What is out of the window is not counted as missing here. */
  isMissing(track: number, sequence: number): boolean {
    if (sequence >= (this.#next[track] ?? 0)) return true;
    const ranges = this.#gaps.get(track)?.ranges;
    return ranges !== undefined && gapWith(ranges, sequence) >= 0;
  }

  /** How many of the first `published` sequences have not come. */
  missing(track: number, published: number): number {
    let count = Math.max(0, published - (this.#next[track] ?? 0));
    const gaps = this.#gaps.get(track);
    if (gaps === undefined) return count;
    for (let at = 0; at < gaps.ranges.length; at += 2)
      count += (gaps.ranges[at + 1] ?? 0) - (gaps.ranges[at] ?? 0);
    return count + gaps.writtenOff;
  }

  #open(track: number, from: number, to: number): void {
    let gaps = this.#gaps.get(track);
    if (gaps === undefined) {
      gaps = { ranges: [], writtenOff: 0, floor: 0 };
      this.#gaps.set(track, gaps);
    }
    this.#gapsInAll++;
    gaps.ranges.push(from, to);
    this.#bound(gaps);
  }

  #bound(gaps: Gaps): void {
    if (gaps.ranges.length <= 2 * MOST_GAPS && this.#gapsInAll <= MOST_GAPS_IN_ALL) return;
    const [from = 0, to = 0] = gaps.ranges.splice(0, 2);
    gaps.writtenOff += to - from;
    gaps.floor = to;
    this.#gapsInAll--;
  }

  #fill(track: number, sequence: number): Arrival {
    const gaps = this.#gaps.get(track);
    if (gaps === undefined) return REPEATED;
    if (sequence < gaps.floor) return LATE;
    const at = gapWith(gaps.ranges, sequence);
    if (at < 0) return REPEATED;
    const [from = 0, to = 0] = gaps.ranges.slice(at, at + 2);
    const left = [
      ...(from < sequence ? [from, sequence] : []),
      ...(sequence + 1 < to ? [sequence + 1, to] : []),
    ];
    gaps.ranges.splice(at, 2, ...left);
    this.#gapsInAll += left.length / 2 - 1;
    this.#bound(gaps);
    return LATE;
  }
}

/** Index of the gap that a sequence is in; -1 if in none. */
function gapWith(ranges: readonly number[], sequence: number): number {
  for (let at = 0; at < ranges.length; at += 2)
    if (sequence >= (ranges[at] ?? 0) && sequence < (ranges[at + 1] ?? 0)) return at;
  return -1;
}

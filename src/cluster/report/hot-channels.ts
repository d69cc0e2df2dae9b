import { cutName, MOST_HOT } from "./report-messages.ts";

/** Channels that are counted at a time: of those that matter, 20, all are among them. */
const COUNTED = 100;

/**
 * Which channels have the most messages, in fixed space: a channel that is not counted yet takes the place, and the
 * count, of the one with the fewest ("space saving"). No count is too low; one is too high by at most a hundredth of
 * all that was counted.
 */
export class HotChannels {
  readonly #counts = new Map<string, number>();

  /** Channels counted now; at most 100. */
  get size(): number {
    return this.#counts.size;
  }

  add(channel: string, weight: number): void {
    const known = this.#counts.get(channel);
    if (known !== undefined) this.#counts.set(channel, known + weight);
    else if (this.#counts.size < COUNTED) this.#counts.set(channel, weight);
    else this.#counts.set(channel, this.#makeRoom() + weight);
  }

  /** The hottest since the last call, hottest first, names cut; and forgets them. */
  take(): { channel: string; count: number }[] {
    const sorted = [...this.#counts].sort(([, a], [, b]) => b - a).slice(0, MOST_HOT);
    this.#counts.clear();
    return sorted.map(([channel, count]) => ({ channel: cutName(channel), count }));
  }

  /** @returns the count of the one that went */
  #makeRoom(): number {
    let least = Infinity;
    let coldest = "";
    for (const [channel, count] of this.#counts) {
      if (count >= least) continue;
      least = count;
      coldest = channel;
    }
    this.#counts.delete(coldest);
    return least;
  }
}

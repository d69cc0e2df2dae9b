import { MOST_HOT } from "../../cluster/report/report-messages.ts";

/** Channels that are remembered from one report to the next. */
const REMEMBERED = 200;
/** How much the newest report counts: the list must not jump. */
const NEWEST = 0.4;
/** Messages a second below which a channel is no longer shown. */
const COLD = 0.05;

export interface HotChannel {
  readonly channel: string;
  readonly perSecond: number;
  /** The instance of the broker that owns it. */
  readonly ownerId: string;
}

/** The hottest channels of the cluster, from what its brokers tell; each channel has one owner. */
export class Hottest {
  readonly #channels = new Map<string, HotChannel>();

  /** Channels remembered now; at most 200. */
  get size(): number {
    return this.#channels.size;
  }

  /** @param ms what the counts are of */
  reported(ownerId: string, hot: readonly { channel: string; count: number }[], ms: number): void {
    if (ms <= 0) return;
    const counts = new Map(hot.map(({ channel, count }) => [channel, (count * 1000) / ms]));
    for (const [channel, known] of this.#channels) {
      if (known.ownerId !== ownerId || counts.has(channel)) continue;
      this.#set(channel, known.perSecond * (1 - NEWEST), ownerId);
    }
    for (const [channel, rate] of counts) {
      const before = this.#channels.get(channel)?.perSecond ?? rate;
      this.#set(channel, before * (1 - NEWEST) + rate * NEWEST, ownerId);
    }
    this.#forget();
  }

  /** A member is gone: who owns its channels now will tell. */
  gone(ownerId: string): void {
    for (const [channel, known] of this.#channels) {
      if (known.ownerId === ownerId) this.#channels.delete(channel);
    }
  }

  clear(): void {
    this.#channels.clear();
  }

  /** Hottest first, 20 at most. */
  get list(): HotChannel[] {
    return this.#sorted().slice(0, MOST_HOT);
  }

  #set(channel: string, perSecond: number, ownerId: string): void {
    if (perSecond < COLD) this.#channels.delete(channel);
    else this.#channels.set(channel, { channel, perSecond, ownerId });
  }

  #sorted(): HotChannel[] {
    return [...this.#channels.values()].sort((a, b) => b.perSecond - a.perSecond);
  }

  #forget(): void {
    if (this.#channels.size <= REMEMBERED) return;
    for (const { channel } of this.#sorted().slice(REMEMBERED)) this.#channels.delete(channel);
  }
}

/** What a load came to. Counts of messages, unless said otherwise; times in ms. */
export interface Tally {
  readonly sent: number;
  readonly acknowledged: number;
  /** By the error's name. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Neither acknowledged nor rejected when it was over. */
  readonly unanswered: number;
  readonly delivered: number;
  /** Acknowledged, and owed to a subscription that never got it; once for each such subscription. */
  readonly lost: number;
  readonly lostBy: Readonly<Record<string, number>>;
  /** Came to a subscription again. */
  readonly duplicated: number;
  /** Came behind a later one of the same publisher and channel. */
  readonly reordered: number;
  /** Stood, at two subscriptions of a channel, in different orders. */
  readonly disagreed: number;
  /** Deliveries of what nobody published. */
  readonly unknown: number;
  /** Subscriptions that ended because their client's connection did. */
  readonly interrupted: number;
  /** Acknowledged, and not come when that happened: not owed any more, and not lost by our count. */
  readonly missedMeanwhile: number;
  readonly pause: PauseTally;
}

/** The longest time for which a subscription heard nothing of its channel while there was something to hear. */
export interface PauseTally {
  readonly longestMs: number;
  /** Where that was. */
  readonly channel: number | undefined;
  /** Of the channels' longest pauses. */
  readonly medianMs: number;
  readonly p90Ms: number;
}

/** Whether nothing was lost, doubled, in another order, or made up. */
export function isFaultless(tally: Omit<Tally, "pause" | "rejected" | "lostBy">): boolean {
  const { lost, duplicated, reordered, disagreed, unknown } = tally;
  return lost + duplicated + reordered + disagreed + unknown === 0;
}

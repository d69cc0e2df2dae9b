export interface Shape {
  readonly subscribers: number;
  readonly channels: number;
  readonly channelsPerSubscriber: number;
  readonly fanOuts?: readonly number[] | undefined;
  readonly publishers: number;
}

/**
 * Who is subscribed to which channels, and who publishes on them. Everybody has a number, from 0.
 *
 * A *feed* is what one publisher publishes on one channel. With more channels than publishers each channel has
 * one publisher and a publisher several channels, else the other way round. A *track* is a feed as one
 * subscriber gets it: what is checked for loss, order and repeats.
 */
export class Layout {
  readonly publishers: number;
  readonly channels: number;
  /** Number of feeds. */
  readonly feeds: number;
  /** Number of tracks. */
  readonly tracks: number;
  /** Number of subscriptions. */
  readonly subscriptions: number;
  /** Channels of all subscribers, one after the other, each one's sorted; where a subscriber's begin. */
  readonly #channelOf: Uint32Array;
  readonly #firstOf: Uint32Array;
  readonly #firstTrackOf: Uint32Array;
  readonly #fanOut: Uint32Array;

  constructor(shape: Shape) {
    const { subscribers, channels, publishers } = shape;
    this.publishers = publishers;
    this.channels = channels;
    this.feeds = publishers === 0 ? 0 : Math.max(publishers, channels);
    const lists = subscriptionsOf(shape);
    this.#firstOf = new Uint32Array(subscribers + 1);
    for (const [subscriber, list] of lists.entries())
      this.#firstOf[subscriber + 1] = (this.#firstOf[subscriber] ?? 0) + list.length;
    this.subscriptions = this.#firstOf[subscribers] ?? 0;
    this.#channelOf = new Uint32Array(this.subscriptions);
    this.#firstTrackOf = new Uint32Array(this.subscriptions + 1);
    this.#fanOut = new Uint32Array(channels);
    let at = 0;
    for (const list of lists) {
      for (const channel of list.toSorted((one, other) => one - other)) {
        this.#channelOf[at] = channel;
        this.#fanOut[channel] = (this.#fanOut[channel] ?? 0) + 1;
        this.#firstTrackOf[at + 1] = (this.#firstTrackOf[at] ?? 0) + this.publishersOn(channel);
        at++;
      }
    }
    this.tracks = this.#firstTrackOf[at] ?? 0;
  }

  /** Channels that a subscriber is subscribed to, ascending. */
  channelsOf(subscriber: number): Uint32Array {
    return this.#channelOf.subarray(this.#firstOf[subscriber], this.#firstOf[subscriber + 1]);
  }

  /** How many subscribers a channel has. */
  fanOut(channel: number): number {
    return this.#fanOut[channel] ?? 0;
  }

  /** How many publish on a channel. */
  publishersOn(channel: number): number {
    if (this.publishers === 0 || this.publishers <= this.channels) return Math.min(1, this.publishers);
    return Math.ceil((this.publishers - channel) / this.channels);
  }

  /** The feed of a publisher on a channel; -1 if it publishes nothing there. */
  feed(publisher: number, channel: number): number {
    if (publisher >= this.publishers || channel >= this.channels) return -1;
    if (this.publishers <= this.channels) return channel % this.publishers === publisher ? channel : -1;
    return publisher % this.channels === channel ? publisher : -1;
  }

  publisherOf(feed: number): number {
    return feed % this.publishers;
  }

  channelOf(feed: number): number {
    return feed % this.channels;
  }

  /** How many channels a publisher publishes on. */
  feedsOf(publisher: number): number {
    return this.publishers > this.channels ? 1 : Math.ceil((this.channels - publisher) / this.publishers);
  }

  /** A publisher's feed, by its place among the publisher's. */
  feedAt(publisher: number, place: number): number {
    return publisher + place * this.publishers;
  }

  /** The track of a feed at a subscriber; -1 if it is not subscribed to the feed's channel. */
  track(subscriber: number, feed: number): number {
    const channel = feed % this.channels;
    const subscription = this.#subscription(subscriber, channel);
    if (subscription < 0) return -1;
    return (this.#firstTrackOf[subscription] ?? 0) + Math.floor(feed / Math.max(this.channels, 1));
  }

  #subscription(subscriber: number, channel: number): number {
    let low = this.#firstOf[subscriber] ?? 0;
    let high = (this.#firstOf[subscriber + 1] ?? 0) - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const there = this.#channelOf[middle] ?? 0;
      if (there === channel) return middle;
      if (there < channel) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}

/** The channels of each subscriber. */
function subscriptionsOf(shape: Shape): number[][] {
  const { subscribers, channels, channelsPerSubscriber, fanOuts } = shape;
  if (fanOuts === undefined || fanOuts.length === 0) {
    return Array.from({ length: subscribers }, (_, subscriber) =>
      Array.from(
        { length: channelsPerSubscriber },
        (__, place) => (subscriber * channelsPerSubscriber + place) % channels,
      ),
    );
  }
  const lists = Array.from({ length: subscribers }, (): number[] => []);
  let next = 0;
  for (let channel = 0; channel < channels; channel++) {
    const wanted = Math.min(fanOuts[channel % fanOuts.length] ?? 0, subscribers);
    for (let count = 0; count < wanted; count++) lists[next++ % subscribers]?.push(channel);
  }
  return lists;
}

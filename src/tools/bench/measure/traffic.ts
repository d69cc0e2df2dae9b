import { InFlight } from "./in-flight.ts";
import type { Layout } from "./layout.ts";
import type { Meter } from "./meter.ts";
import type { Pacer } from "./pace.ts";
import { MOST_SEQUENCES, Stamp } from "./stamp.ts";
import type { Tally } from "./tally.ts";
import { LATE, REPEATED, Tracks } from "./tracks.ts";

/** Sends publications. */
export interface Wire {
  /** Whether a publisher can take another publication now. */
  ready(publisher: number): boolean;
  /** Sends the publication with this stamp; the answer is to be told by the stamp's number. */
  publish(stamp: Stamp): void;
}

/** Publications that are sent without a look at what has arrived meanwhile. */
const BURST = 256;
/** Publications without an acknowledgement that are remembered. */
const MOST_UNACKNOWLEDGED = 1_000_000;

export interface TrafficSetup {
  readonly layout: Layout;
  readonly meter: Meter;
  readonly tally: Tally;
  readonly wire: Wire;
  /** Whether a publication holds its place in the window until every subscriber has it. */
  readonly awaitsDeliveries: boolean;
  /** After so long an answer is no longer waited for, µs. */
  readonly patienceUs: number;
}

/**
 * What is published and what comes of it: every publication is sent when it is due, every delivery is checked
 * against what was sent. Knows no sockets and no clock: times (µs) are handed in.
 */
export class Traffic {
  duplicated = 0;
  reordered = 0;
  malformed = 0;
  /** Why it cannot be measured any further: more has gone wrong than can be kept. */
  failure: string | undefined;
  readonly #setup: TrafficSetup;
  readonly #tracks: Tracks;
  readonly #inFlight = new InFlight();
  /** The sequence that each feed's next publication gets. */
  readonly #sequences: Uint32Array;
  /** Which of its feeds each publisher serves next. */
  readonly #places: Uint32Array;
  readonly #gone: Uint8Array;
  /** How many subscribers of each channel are there. */
  readonly #fanOut: Uint32Array;
  /** Sequences of feeds that were refused or never answered: nobody was promised them. */
  readonly #unacknowledged = new Map<number, Set<number>>();
  #unacknowledgedInAll = 0;
  readonly #stamp = new Stamp();
  #pacer: Pacer | undefined;
  #publisher = 0;
  /** Deliveries that are to come of all that was sent, and those that came, repeats apart. */
  #expected = 0;
  #arrived = 0;

  constructor(setup: TrafficSetup) {
    const { layout } = setup;
    this.#setup = setup;
    this.#tracks = new Tracks(layout.tracks);
    this.#sequences = new Uint32Array(layout.feeds);
    this.#places = new Uint32Array(layout.publishers);
    this.#gone = new Uint8Array(layout.publishers);
    this.#fanOut = Uint32Array.from({ length: layout.channels }, (_, channel) => layout.fanOut(channel));
  }

  start(pacer: Pacer): void {
    this.#pacer = pacer;
  }

  /** Nothing is published any more. */
  stop(): void {
    this.#pacer = undefined;
  }

  /** Whether everything that was sent has been answered and has arrived. */
  get complete(): boolean {
    return this.#inFlight.unanswered === 0 && this.#arrived >= this.#expected;
  }

  /**
   * Publishes what is due.
   *
   * @returns after how many µs more will be due; infinite if something has to arrive first
   */
  tick(now: number): number {
    const pacer = this.#pacer;
    if (pacer === undefined) return Number.POSITIVE_INFINITY;
    for (let count = 0; count < BURST; count++) {
      const intended = pacer.due(now, this.#inFlight.count);
      if (intended < 0) return pacer.untilNext(now);
      // Nobody can take it now: it stays due, and is timed from when it should have been sent.
      if (this.#inFlight.full || !this.#publishNext(intended, now)) return Number.POSITIVE_INFINITY;
      pacer.sent();
    }
    return 0;
  }

  /** What has waited too long is given up. To be called several times per patience. */
  expire(now: number): void {
    this.#inFlight.expire(now - this.#setup.patienceUs, this.#isUnanswered);
  }

  /** A publication was acknowledged. */
  acknowledged(number: number, now: number): void {
    if (!this.#inFlight.awaits(number)) return this.#setup.tally.add("answer to nothing that waited for one");
    this.#setup.meter.acknowledge(this.#inFlight.timeOf(number), now);
    this.#inFlight.answered(number);
  }

  refused(number: number, reason: string): void {
    this.#setup.tally.add(`publish refused: ${reason}`);
    if (!this.#inFlight.awaits(number)) return;
    this.#exempt(this.#inFlight.feedOf(number), this.#inFlight.sequenceOf(number));
    this.#inFlight.refused(number);
  }

  publisherIsGone(publisher: number): void {
    this.#gone[publisher] = 1;
  }

  /** From now on no publication waits for this subscriber. What it misses may be lost all the same. */
  subscriberIsGone(subscriber: number): void {
    for (const channel of this.#setup.layout.channelsOf(subscriber))
      this.#fanOut[channel] = Math.max(0, (this.#fanOut[channel] ?? 0) - 1);
  }

  /** A delivery came to a subscriber. @returns false if it is not one of ours */
  delivered(subscriber: number, stamp: Stamp, now: number): boolean {
    const { layout, meter } = this.#setup;
    const feed = layout.feed(stamp.publisher, stamp.channel);
    if (feed < 0 || stamp.sequence >= (this.#sequences[feed] ?? 0))
      return this.wrong("stamp of no publication");
    const track = layout.track(subscriber, feed);
    if (track < 0) return this.wrong("delivered to somebody who is not subscribed");
    const arrival = this.#tracks.saw(track, stamp.sequence);
    if (arrival === REPEATED) {
      this.duplicated++;
      return true;
    }
    if (arrival === LATE) this.reordered++;
    this.#arrived++;
    meter.deliver(stamp.time, now);
    this.#inFlight.delivered(stamp.number, feed, stamp.sequence);
    return true;
  }

  /** Counts a delivery that is not as it was published. */
  wrong(what: string): false {
    this.malformed++;
    this.#setup.tally.add(`malformed: ${what}`);
    return false;
  }

  /**
   * How much was acknowledged and did not come. What is still not answered is given up.
   *
   * @param counts whether a subscriber was there to get a channel's publications
   */
  lost(subscribers: number, counts: (subscriber: number) => boolean): number {
    const { layout } = this.#setup;
    this.#inFlight.expire(Number.POSITIVE_INFINITY, this.#isUnanswered);
    let lost = 0;
    for (let subscriber = 0; subscriber < subscribers; subscriber++) {
      if (!counts(subscriber)) continue;
      for (const channel of layout.channelsOf(subscriber))
        for (let rank = 0; rank < layout.publishersOn(channel); rank++)
          lost += this.#lostOn(subscriber, channel + rank * layout.channels);
    }
    return lost;
  }

  #lostOn(subscriber: number, feed: number): number {
    const track = this.#setup.layout.track(subscriber, feed);
    let lost = this.#tracks.missing(track, this.#sequences[feed] ?? 0);
    if (lost === 0) return 0;
    for (const sequence of this.#unacknowledged.get(feed) ?? [])
      if (this.#tracks.isMissing(track, sequence)) lost--;
    return lost;
  }

  #publishNext(intended: number, now: number): boolean {
    const { layout, wire, meter, awaitsDeliveries } = this.#setup;
    const publisher = this.#nextPublisher();
    if (publisher < 0) return false;
    const place = this.#places[publisher] ?? 0;
    this.#places[publisher] = (place + 1) % layout.feedsOf(publisher);
    const feed = layout.feedAt(publisher, place);
    const channel = layout.channelOf(feed);
    const sequence = this.#sequences[feed] ?? 0;
    if (sequence === MOST_SEQUENCES - 1) this.#fail(`more than ${MOST_SEQUENCES} publications on a channel`);
    this.#sequences[feed] = sequence + 1;
    const stamp = this.#stamp;
    stamp.publisher = publisher;
    stamp.channel = channel;
    stamp.sequence = sequence;
    stamp.number = this.#inFlight.next;
    stamp.time = intended;
    const deliveries = this.#fanOut[channel] ?? 0;
    this.#expected += deliveries;
    this.#inFlight.add(feed, sequence, intended, awaitsDeliveries ? deliveries : 0);
    meter.publish(now);
    wire.publish(stamp);
    return true;
  }

  /** In turn, so that all publish as much; those that are gone or cannot take more are passed over. */
  #nextPublisher(): number {
    const { layout, wire } = this.#setup;
    for (let tried = 0; tried < layout.publishers; tried++) {
      const publisher = this.#publisher;
      this.#publisher = publisher + 1 < layout.publishers ? publisher + 1 : 0;
      if (this.#gone[publisher] === 0 && wire.ready(publisher)) return publisher;
    }
    return -1;
  }

  readonly #isUnanswered = (feed: number, sequence: number): void => {
    this.#setup.tally.add("publish without an answer");
    this.#exempt(feed, sequence);
  };

  #fail(why: string): void {
    this.failure ??= why;
    this.stop();
  }

  #exempt(feed: number, sequence: number): void {
    if (++this.#unacknowledgedInAll > MOST_UNACKNOWLEDGED)
      return this.#fail(`${MOST_UNACKNOWLEDGED} publications were refused or not answered`);
    const sequences = this.#unacknowledged.get(feed);
    if (sequences === undefined) this.#unacknowledged.set(feed, new Set([sequence]));
    else sequences.add(sequence);
    this.#expected -= this.#fanOut[this.#setup.layout.channelOf(feed)] ?? 0;
  }
}

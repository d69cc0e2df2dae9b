import { type Recorded, Recorder } from "./recorder.ts";

/** One stretch of the window, as it can be sent to another process. */
export interface MeteredSample {
  /** Since the window opened, µs. */
  readonly end: number;
  readonly published: number;
  readonly delivered: number;
  readonly latency: Recorded;
}

/** Longest series of samples: in longer runs a sample is of more than a second. */
const MOST_SAMPLES = 1000;
const SECOND_US = 1_000_000;

/** Length of a sample for a window of this length, µs. */
export function sampleLength(windowUs: number): number {
  return SECOND_US * Math.max(1, Math.ceil(windowUs / SECOND_US / MOST_SAMPLES));
}

/**
 * Counts what happens inside of the window, and times what was intended in it, even if it comes later: a
 * server that is stalled when the window closes must not look quick. Times are µs on the generator's clock.
 */
export class Meter {
  published = 0;
  acknowledged = 0;
  delivered = 0;
  /** What was published and delivered at all times, for the display. */
  publishedInAll = 0;
  deliveredInAll = 0;
  readonly acknowledgements = new Recorder();
  readonly samples: MeteredSample[] = [];
  readonly #deliveries = new Recorder();
  readonly #current = new Recorder();
  readonly #sampleUs: number;
  readonly #samplesWanted: number;
  #from = Number.POSITIVE_INFINITY;
  #to = Number.POSITIVE_INFINITY;
  #sampleEnd = Number.POSITIVE_INFINITY;
  #publishedBefore = 0;
  #deliveredBefore = 0;

  /** @param windowUs length that the window is going to have */
  constructor(windowUs: number) {
    this.#sampleUs = sampleLength(windowUs);
    this.#samplesWanted = Math.max(1, Math.round(windowUs / this.#sampleUs));
  }

  /** Length of the window so far, µs. */
  windowUs(now: number): number {
    return Math.max(0, Math.min(now, this.#to) - this.#from);
  }

  open(now: number): void {
    this.#from = now;
    this.#sampleEnd = now + this.#sampleUs;
  }

  /** Closing again changes nothing. */
  close(now: number): void {
    if (this.#from > now || this.#to <= now) return;
    this.#roll(now);
    this.#to = now;
    this.#sample(now);
    this.#sampleEnd = Number.POSITIVE_INFINITY;
  }

  publish(now: number): void {
    this.publishedInAll++;
    if (now < this.#from || now >= this.#to) return;
    if (now >= this.#sampleEnd) this.#roll(now);
    this.published++;
  }

  acknowledge(intended: number, now: number): void {
    if (now >= this.#from && now < this.#to) this.acknowledged++;
    if (intended >= this.#from && intended < this.#to) this.acknowledgements.record(now - intended);
  }

  deliver(intended: number, now: number): void {
    this.deliveredInAll++;
    if (now >= this.#from && now < this.#to) {
      if (now >= this.#sampleEnd) this.#roll(now);
      this.delivered++;
    }
    if (intended >= this.#from && intended < this.#to) this.#current.record(now - intended);
  }

  /** All deliveries' latencies so far. */
  get deliveries(): Recorder {
    this.#deliveries.take(this.#current);
    return this.#deliveries;
  }

  /** Ends the samples whose time is over; the last one lasts until the window closes. */
  #roll(now: number): void {
    while (now >= this.#sampleEnd && this.samples.length < this.#samplesWanted - 1) {
      this.#sample(this.#sampleEnd);
      this.#sampleEnd += this.#sampleUs;
    }
  }

  #sample(end: number): void {
    this.samples.push({
      end: end - this.#from,
      published: this.published - this.#publishedBefore,
      delivered: this.delivered - this.#deliveredBefore,
      latency: this.#current.encode(),
    });
    this.#deliveries.take(this.#current);
    this.#publishedBefore = this.published;
    this.#deliveredBefore = this.delivered;
  }
}

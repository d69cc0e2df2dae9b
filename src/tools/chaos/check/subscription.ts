import { Pause } from "./pause.ts";
import type { Stream } from "./stream.ts";

/** What a delivery was to its subscription. */
export type Delivery = "new" | "late" | "repeated" | "unknown";

/** What a subscription saw of one stream. */
interface Seen {
  /** Up to here nothing is owed, though what was on its way when the subscription opened may come. */
  floor: number;
  /** What had come when the floor was set; and of what lies between, what came since. */
  base: number;
  readonly welcome: Set<number>;
  highest: number;
  /** Above which others have come already. */
  readonly missing: Set<number>;
}

/** What is owed and has not come, by what its publisher was told. */
export interface Owed {
  readonly acknowledged: number;
  readonly pending: number;
}

/**
 * One client's subscription to one channel, and what it is owed: every acknowledged message that was published
 * after the subscription was acknowledged and before it ended, once, each publisher's in order.
 */
export class Subscription {
  readonly channel: number;
  /** Who is told apart in the result: where the client is connected. */
  readonly group: string;
  readonly pause = new Pause();
  readonly #streams: readonly Stream[];
  readonly #seen: Seen[];
  #isOpen = false;

  /** @param streams of its channel, by publisher */
  constructor(channel: number, group: string, streams: readonly Stream[]) {
    this.channel = channel;
    this.group = group;
    this.#streams = streams;
    this.#seen = streams.map(() => ({
      floor: 0,
      base: 0,
      welcome: new Set(),
      highest: 0,
      missing: new Set(),
    }));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The server acknowledged it: what is published from now on is owed. */
  opened(): void {
    this.#isOpen = true;
    this.#owesNothingUntilNow();
  }

  /** The client's connection ended. @returns messages that were acknowledged and will not be asked for any more */
  interrupted(): number {
    if (!this.#isOpen) return 0;
    const { acknowledged } = this.owed();
    this.#isOpen = false;
    this.pause.forget();
    this.#owesNothingUntilNow();
    return acknowledged;
  }

  delivered(publisher: number, sequence: number): Delivery {
    const stream = this.#streams[publisher];
    const seen = this.#seen[publisher];
    if (stream === undefined || seen === undefined || sequence < 1 || sequence > stream.published)
      return "unknown";
    if (seen.missing.delete(sequence)) return "late";
    const isWelcome = sequence > seen.base && sequence <= seen.floor && !seen.welcome.has(sequence);
    if (isWelcome) seen.welcome.add(sequence);
    if (sequence <= seen.highest) return isWelcome ? "late" : "repeated";
    for (let between = Math.max(seen.highest, seen.floor) + 1; between < sequence; between++)
      seen.missing.add(between);
    seen.highest = sequence;
    return "new";
  }

  /** What has not come of all that was published until now. Nothing while it is not open. */
  owed(): Owed {
    let acknowledged = 0;
    let pending = 0;
    if (!this.#isOpen) return { acknowledged, pending };
    for (const [publisher, stream] of this.#streams.entries()) {
      for (const sequence of this.#absent(publisher, stream)) {
        const outcome = stream.outcomeOf(sequence);
        if (outcome === "acknowledged") acknowledged += 1;
        else if (outcome === "pending") pending += 1;
      }
    }
    return { acknowledged, pending };
  }

  *#absent(publisher: number, stream: Stream): Iterable<number> {
    const seen = this.#seen[publisher];
    if (seen === undefined) return;
    for (const sequence of seen.missing) if (sequence > seen.floor) yield sequence;
    for (let sequence = Math.max(seen.highest, seen.floor) + 1; sequence <= stream.published; sequence++)
      yield sequence;
  }

  #owesNothingUntilNow(): void {
    for (const [publisher, stream] of this.#streams.entries()) {
      const seen = this.#seen[publisher];
      if (seen === undefined) continue;
      seen.floor = stream.published;
      seen.base = seen.highest;
      seen.welcome.clear();
    }
  }
}

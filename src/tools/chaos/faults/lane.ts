import { FAIR, type Weather } from "./fault.ts";

/** How a connection's one way ends: as its sender said, or broken. */
export type Ending = "end" | "reset";

/** What may pass now: bytes, then perhaps the end. */
export interface Passing {
  readonly chunks: readonly Buffer[];
  readonly ending: Ending | undefined;
}

interface Waiting {
  readonly bytes: Buffer;
  /** When it may pass at the earliest. */
  readonly at: number;
}

const NOTHING: Passing = { chunks: [], ending: undefined };
/** A throttle lets through what it saved up for so long at most, ms. */
const BURST_MS = 100;

/**
 * One way of one connection under faults: decides what passes and when. Pure: times (ms, any clock that only
 * grows) and chance come in as arguments, bytes and their times go out.
 *
 * Order stays whatever happens. What waits is not bounded here: whoever feeds it looks at `waitingBytes`
 * and pauses.
 */
export class Lane {
  readonly #queue: Waiting[] = [];
  #weather: Weather = FAIR;
  #waitingBytes = 0;
  #latestAt = 0;
  #ending: { readonly kind: Ending; readonly at: number } | undefined;
  #hasEnded = false;
  #hasHole = false;
  /** Bytes the throttle would let through now, and when that was counted. */
  #credit = 0;
  #creditAt = 0;

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether bytes were swallowed: nothing behind the hole is ever shown. */
  get hasHole(): boolean {
    return this.#hasHole;
  }

  /** From now on it is like this. */
  change(weather: Weather, now: number): void {
    if (weather.bytesPerSecond !== this.#weather.bytesPerSecond) {
      this.#credit = 0;
      this.#creditAt = now;
    }
    this.#weather = weather;
  }

  /** @param chance from 0 to 1, for the jitter */
  arrive(bytes: Buffer, now: number, chance: number): void {
    if (this.#weather.swallowed || this.#hasHole) {
      this.#hasHole = true;
      return;
    }
    this.#queue.push({ bytes, at: this.#due(now, chance) });
    this.#waitingBytes += bytes.length;
  }

  /** Its sender has ended it; only the first time counts, except that a reset overtakes an end. */
  end(kind: Ending, now: number): void {
    if (this.#ending !== undefined && (this.#ending.kind === "reset" || kind === "end")) return;
    this.#ending = { kind, at: this.#due(now, 0) };
  }

  /** Takes what may pass now. The end is told once. */
  pass(now: number): Passing {
    const { stalled, swallowed } = this.#weather;
    // An end does not get through a network that takes everything, and a stream with a hole has no end to show.
    if (stalled || swallowed || this.#hasHole || this.#hasEnded) return NOTHING;
    const chunks: Buffer[] = [];
    this.#earn(now);
    while (this.#credit >= 1) {
      const first = this.#queue[0];
      if (first === undefined || first.at > now) break;
      const bytes = first.bytes.subarray(0, Math.floor(this.#credit));
      if (bytes.length === first.bytes.length) this.#queue.shift();
      else this.#queue[0] = { bytes: first.bytes.subarray(bytes.length), at: first.at };
      this.#credit -= bytes.length;
      this.#waitingBytes -= bytes.length;
      chunks.push(bytes);
    }
    return { chunks, ending: this.#takeEnding(now) };
  }

  /** When `pass` should be asked again; `Infinity` where only other weather can help. */
  nextAt(now: number): number {
    const { stalled, swallowed, bytesPerSecond } = this.#weather;
    if (stalled || swallowed || this.#hasHole || this.#hasEnded) return Infinity;
    const first = this.#queue[0];
    if (first === undefined) return this.#ending?.at ?? Infinity;
    if (bytesPerSecond === Infinity || this.#credit >= 1) return first.at;
    return Math.max(first.at, now + ((1 - this.#credit) * 1000) / bytesPerSecond);
  }

  #due(now: number, chance: number): number {
    const { delayMs, jitterMs } = this.#weather;
    this.#latestAt = Math.max(this.#latestAt, now + delayMs + chance * jitterMs);
    return this.#latestAt;
  }

  /** What the throttle lets through now, in bytes. */
  #earn(now: number): void {
    const { bytesPerSecond } = this.#weather;
    const earned = ((now - this.#creditAt) * bytesPerSecond) / 1000;
    const most = Math.max(1, (bytesPerSecond * BURST_MS) / 1000);
    this.#credit = bytesPerSecond === Infinity ? Infinity : Math.min(most, this.#credit + earned);
    this.#creditAt = now;
  }

  #takeEnding(now: number): Ending | undefined {
    if (this.#ending === undefined || this.#ending.at > now || this.#queue.length > 0) return undefined;
    this.#hasEnded = true;
    return this.#ending.kind;
  }
}

import type { Gap } from "../pubsub/broker.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Logger } from "../runtime/log.ts";

const GATHER_MS = 500;
/** Channels that are named; of the others only the number is said. */
const NAMED = 5;
/** Characters of a name that are shown. */
const SHOWN = 100;

/**
 * Counts gaps, and says in the log which channels' subscribers may have missed messages. A change of the ring can concern all
 * channels of a worker at once: they make one line, not one each.
 */
export class GapLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  /** Gaps since the start, by reason. */
  readonly counts: Record<Gap["reason"], number> = {
    "new log": 0,
    "tail too short": 0,
    "log went back": 0,
  };
  #gaps: Gap[] = [];
  #count = 0;
  #timer: Timer | undefined;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  note(gap: Gap): void {
    this.counts[gap.reason] += 1;
    this.#count += 1;
    if (this.#gaps.length < NAMED) this.#gaps.push(gap);
    if (this.#timer === undefined) this.#timer = this.#clock.after(GATHER_MS, () => this.#say());
  }

  #say(): void {
    this.#timer = undefined;
    const channels = this.#gaps.map(({ channel }) => channel.slice(0, SHOWN));
    const reasons = [...new Set(this.#gaps.map(({ reason }) => reason))];
    this.#log.warn("subscribers of channels may have missed messages", {
      count: this.#count,
      channels,
      reasons,
    });
    this.#gaps = [];
    this.#count = 0;
  }
}

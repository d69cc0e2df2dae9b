interface Origin {
  sequence: number;
  heardAt: number;
}

/**
 * What each origin already has in one channel's log: the highest sequence of each, so that a publication
 * that is sent again is seen to be a repeat. An origin numbers its publications over all channels, and sends
 * those of one channel in order; so whatever is not above its highest is in the log already.
 */
export class Origins {
  readonly #origins = new Map<string, Origin>();

  get size(): number {
    return this.#origins.size;
  }

  /** Whether this is a repeat; if not, it is remembered. */
  seen(origin: string, sequence: number, now: number): boolean {
    const known = this.#origins.get(origin);
    if (known === undefined) {
      this.#origins.set(origin, { sequence, heardAt: now });
      return false;
    }
    known.heardAt = now;
    if (sequence <= known.sequence) return true;
    known.sequence = sequence;
    return false;
  }

  /** The highest sequence of an origin in this channel; 0 if there is none. */
  highest(origin: string): number {
    return this.#origins.get(origin)?.sequence ?? 0;
  }

  /** Each origin and its highest sequence. */
  *highestOfAll(): Iterable<readonly [origin: string, sequence: number]> {
    for (const [origin, { sequence }] of this.#origins) yield [origin, sequence];
  }

  /** Forgets origins not heard since `before`: by then none of them sends anything again. */
  forget(before: number): void {
    for (const [origin, { heardAt }] of this.#origins) {
      if (heardAt < before) this.#origins.delete(origin);
    }
  }
}

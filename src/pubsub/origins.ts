interface Origin {
  sequence: number;
  heardAt: number;
}

/**
 * What each origin already has in one channel's log: the highest sequence of each, so that a publication
 * that is sent again is seen to be a repeat. An origin numbers its publications over all channels, and sends
 * those of one channel in order; so whatever is not above its highest is in the log already.
 *
 * Most channels have one origin or none: those have no Map, which would take a fifth of what the log takes.
 */
export class Origins {
  #first = "";
  #firstOrigin: Origin | undefined;
  #others: Map<string, Origin> | undefined;

  get size(): number {
    return (this.#firstOrigin === undefined ? 0 : 1) + (this.#others?.size ?? 0);
  }

  /** Whether this is a repeat; if not, it is remembered. */
  seen(origin: string, sequence: number, now: number): boolean {
    const known = this.#find(origin);
    if (known === undefined) {
      this.#add(origin, { sequence, heardAt: now });
      return false;
    }
    known.heardAt = now;
    if (sequence <= known.sequence) return true;
    known.sequence = sequence;
    return false;
  }

  /** The highest sequence of an origin in this channel; 0 if there is none. */
  highest(origin: string): number {
    return this.#find(origin)?.sequence ?? 0;
  }

  /** Each origin and its highest sequence. */
  *highestOfAll(): Iterable<readonly [origin: string, sequence: number]> {
    if (this.#firstOrigin !== undefined) yield [this.#first, this.#firstOrigin.sequence];
    for (const [origin, { sequence }] of this.#others ?? []) yield [origin, sequence];
  }

  /** Forgets origins not heard since `before`: by then none of them sends anything again. */
  forget(before: number): void {
    if (this.#firstOrigin !== undefined && this.#firstOrigin.heardAt < before) {
      this.#first = "";
      this.#firstOrigin = undefined;
    }
    if (this.#others === undefined) return;
    for (const [origin, { heardAt }] of this.#others) {
      if (heardAt < before) this.#others.delete(origin);
    }
    if (this.#others.size === 0) this.#others = undefined;
  }

  #find(origin: string): Origin | undefined {
    if (this.#firstOrigin !== undefined && origin === this.#first) return this.#firstOrigin;
    return this.#others?.get(origin);
  }

  #add(origin: string, heard: Origin): void {
    if (this.#firstOrigin === undefined) {
      this.#first = origin;
      this.#firstOrigin = heard;
      return;
    }
    this.#others ??= new Map();
    this.#others.set(origin, heard);
  }
}

/** A link over which a worker publishes. */
export interface Allowed {
  /** It may have so many bytes unconfirmed from here on. */
  allows(bytes: number): void;
}

/**
 * What a broker holds and its followers have not acknowledged yet is bounded by what workers may have unconfirmed
 * there: a sum that is shared evenly by those who are linked, and shared anew when one comes or goes. A worker whose
 * share is full does not read from clients that publish to this broker. Pure.
 */
export class WorkerWindows {
  readonly #total: number;
  readonly #atTurnEnd: (task: () => void) => void;
  readonly #links = new Set<Allowed>();
  #isDue = false;

  /**
   * @param total bytes, over all workers
   * @param atTurnEnd runs a task once, at the end of the turn: of many who come at once each is told once
   */
  constructor(total: number, atTurnEnd: (task: () => void) => void) {
    this.#total = total;
    this.#atTurnEnd = atTurnEnd;
  }

  /** What one link may have unconfirmed, bytes. */
  get share(): number {
    return Math.max(1, Math.floor(this.#total / Math.max(1, this.#links.size)));
  }

  add(link: Allowed): void {
    this.#links.add(link);
    this.#shareAnew();
  }

  remove(link: Allowed): void {
    if (this.#links.delete(link)) this.#shareAnew();
  }

  #shareAnew(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#atTurnEnd(() => {
      this.#isDue = false;
      const { share } = this;
      for (const link of this.#links) link.allows(share);
    });
  }
}

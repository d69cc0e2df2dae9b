interface Waiting {
  readonly position: number;
  readonly at: number;
}

/**
 * How long one subscription heard nothing while something was there to be heard: from the moment at which a
 * message was published, or the last delivery if that was later, to the next delivery. Pure; times in ms.
 *
 * A message that never comes waits only until a later one of its channel has come.
 */
export class Pause {
  readonly #waiting: Waiting[] = [];
  #lastAt = -Infinity;
  #longestMs = 0;

  get longestMs(): number {
    return this.#longestMs;
  }

  /** @param position the message's place among all of its channel, growing */
  published(position: number, now: number): void {
    this.#waiting.push({ position, at: now });
  }

  delivered(position: number, now: number): void {
    const first = this.#waiting[0];
    if (first === undefined || first.position > position) return;
    this.#note(first, now);
    while (this.#waiting[0] !== undefined && this.#waiting[0].position <= position) this.#waiting.shift();
    this.#lastAt = now;
  }

  /** Nothing is waited for any more: nobody publishes, or the subscription ended. What waits counts until now. */
  ended(now: number): void {
    const first = this.#waiting[0];
    if (first !== undefined) this.#note(first, now);
    this.#waiting.length = 0;
  }

  /** What waits is none of the servers' business, as when the client has lost its connection. */
  forget(): void {
    this.#waiting.length = 0;
  }

  #note(first: Waiting, now: number): void {
    this.#longestMs = Math.max(this.#longestMs, now - Math.max(first.at, this.#lastAt));
  }
}

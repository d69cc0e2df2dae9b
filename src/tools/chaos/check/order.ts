/** So many messages of a subscription are compared at a time; what lies across the border is not. */
const AT_A_TIME = 4096;

/**
 * Whether the subscriptions of one channel see one order: of the messages that two of them both saw, how many
 * stand behind one that the other saw later. Memory is bounded: after some thousand messages it compares and
 * begins anew.
 */
export class Order {
  readonly #seen = new Map<object, number[]>();
  #disagreed = 0;

  /** @param message a number that names it within the channel */
  saw(subscription: object, message: number): void {
    const list = this.#seen.get(subscription);
    if (list === undefined) this.#seen.set(subscription, [message]);
    else if (list.push(message) >= AT_A_TIME) this.#compare();
  }

  /** Messages out of order so far. */
  get disagreed(): number {
    this.#compare();
    return this.#disagreed;
  }

  #compare(): void {
    const [first, ...others] = this.#seen.values();
    this.#seen.clear();
    if (first === undefined) return;
    const places = new Map(first.map((message, place) => [message, place]));
    for (const other of others) this.#disagreed += inversions(other, places);
  }
}

/** Messages that stand behind one whose place is later. */
function inversions(messages: readonly number[], places: ReadonlyMap<number, number>): number {
  let latest = -1;
  let count = 0;
  for (const message of messages) {
    const place = places.get(message);
    if (place === undefined) continue;
    if (place < latest) count += 1;
    else latest = place;
  }
  return count;
}

/** Acknowledged while a client was still connected, and not come before it was parted from its worker. */
export interface Missed {
  readonly channel: number;
  readonly position: number;
  /** For how long it had been acknowledged by then, ms. */
  readonly ageMs: number;
  /** Something later of the channel had come, so that this one was left out; else it was on its way. */
  readonly isLeftOut: boolean;
}

interface Acknowledged {
  readonly at: number;
  /** The last position that had been published then: whatever has a higher one stands behind it in the channel. */
  readonly before: number;
}

interface Seat {
  readonly channel: number;
  /** Positions that were published since it subscribed, and have not come; since when they are acknowledged, if they are. */
  readonly awaited: Map<number, Acknowledged | undefined>;
  highest: number;
}

/**
 * What clients miss when they are sent from one worker to another, which the checker leaves out because their
 * subscriptions end with the connection. A message is delivered some ms after its publisher has the acknowledgement,
 * by whichever worker; one that is on its way when a client is parted with is not owed. One that had been acknowledged
 * for long is: hence the ages, which are longer by what the clients' own process
 * is late. One that is left out, while a later one has come, is lost whatever the time. Pure; a subscriber is any object, times are ms.
 */
export class Partings {
  readonly #seats = new Map<object, Seat>();
  readonly #open = new Map<number, Set<Seat>>();
  readonly #away = new Map<number, number>();
  readonly #last = new Map<number, number>();
  #missedAway = 0;

  /** Acknowledged messages of which a subscriber was away, between two workers: once for each. */
  get missedAway(): number {
    return this.#missedAway;
  }

  /** The server acknowledged its subscription: what is published from now on is awaited. */
  opened(subscriber: object, channel: number): void {
    if (this.#seats.has(subscriber)) return;
    const seat: Seat = { channel, awaited: new Map(), highest: 0 };
    this.#seats.set(subscriber, seat);
    const open = this.#open.get(channel) ?? new Set();
    this.#open.set(channel, open.add(seat));
  }

  /** It was away, and is here again. Call before `opened`. */
  back(channel: number): void {
    this.#away.set(channel, (this.#away.get(channel) ?? 0) - 1);
  }

  /** @param position of the message in its channel, growing */
  published(channel: number, position: number): void {
    this.#last.set(channel, position);
    for (const { awaited } of this.#open.get(channel) ?? []) awaited.set(position, undefined);
  }

  acknowledged(channel: number, position: number, now: number): void {
    this.#missedAway += this.#away.get(channel) ?? 0;
    const acknowledged = { at: now, before: this.#last.get(channel) ?? position };
    for (const { awaited } of this.#open.get(channel) ?? [])
      if (awaited.has(position)) awaited.set(position, acknowledged);
  }

  rejected(channel: number, position: number): void {
    for (const { awaited } of this.#open.get(channel) ?? []) awaited.delete(position);
  }

  delivered(subscriber: object, position: number): void {
    const seat = this.#seats.get(subscriber);
    if (seat === undefined) return;
    seat.awaited.delete(position);
    seat.highest = Math.max(seat.highest, position);
  }

  /** Its connection ended. */
  parted(subscriber: object, now: number): Missed[] {
    const seat = this.#seats.get(subscriber);
    if (seat === undefined) return [];
    const { channel, awaited, highest } = seat;
    this.#seats.delete(subscriber);
    this.#open.get(channel)?.delete(seat);
    this.#away.set(channel, (this.#away.get(channel) ?? 0) + 1);
    return [...awaited].flatMap(([position, acknowledged]) => {
      if (acknowledged === undefined) return [];
      const { at, before } = acknowledged;
      return [{ channel, position, ageMs: now - at, isLeftOut: highest > before }];
    });
  }
}

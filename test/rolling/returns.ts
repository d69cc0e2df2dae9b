/** How clients came back after their connections had ended. */
export interface ReturnsTally {
  /** Connections that ended without their client's wish. */
  readonly left: number;
  /** Clients that were back, subscribed, when it was over; and those that were not. */
  readonly back: number;
  readonly missing: number;
  /** From the end of the connection to the subscription that is acknowledged again, ms. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly mostMs: number;
  /** Connections that ended in the fullest second, as the clients saw it. */
  readonly mostLeftPerSecond: number;
  /** New connections in the fullest second. */
  readonly mostPerSecond: number;
}

const SECOND_MS = 1000;

/** Follows clients that are sent away and come back. Pure: times, ms, come in as arguments. */
export class Returns {
  readonly #awaySince = new Map<number, number>();
  readonly #took: number[] = [];
  readonly #leftAt: number[] = [];
  readonly #connectedAt: number[] = [];

  left(client: number, now: number): void {
    this.#awaySince.set(client, now);
    this.#leftAt.push(now);
  }

  /** It has a connection again, at which nothing is subscribed yet. */
  connected(client: number, now: number): void {
    if (this.#awaySince.has(client)) this.#connectedAt.push(now);
  }

  back(client: number, now: number): void {
    const since = this.#awaySince.get(client);
    if (since === undefined) return;
    this.#awaySince.delete(client);
    this.#took.push(now - since);
  }

  get tally(): ReturnsTally {
    const took = this.#took.toSorted((a, b) => a - b);
    const at = (part: number): number => Math.round(took[Math.ceil(part * took.length) - 1] ?? 0);
    return {
      left: took.length + this.#awaySince.size,
      back: took.length,
      missing: this.#awaySince.size,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      mostMs: at(1),
      mostLeftPerSecond: fullestSecond(this.#leftAt),
      mostPerSecond: fullestSecond(this.#connectedAt),
    };
  }
}

/** @param times ms, in any order @returns how many of them lie within one second at most */
export function fullestSecond(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  let first = 0;
  let most = 0;
  for (const [index, time] of sorted.entries()) {
    while (time - (sorted[first] ?? time) >= SECOND_MS) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

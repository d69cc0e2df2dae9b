import type { Connection } from "../connection.ts";
import { inboundOf } from "../inbound/inbound.ts";

/**
 * Tells clients to connect elsewhere: each is closed without a code, on which it does so at once. One whose publishes
 * are not settled yet is heard no more, and closed when it has its acknowledgements.
 */
export class Dismissal {
  /** Those that are heard no more, and are told once all is settled that they published. */
  readonly #leaving = new Set<Connection>();

  /** Clients that are heard no more, and not told yet. */
  get leavingCount(): number {
    return this.#leaving.size;
  }

  has(connection: Connection): boolean {
    return this.#leaving.has(connection);
  }

  ask(connection: Connection): void {
    if (connection.state === "closed") return;
    if (isSettled(connection)) connection.sendAway();
    else {
      inboundOf(connection).end(false);
      this.#leaving.add(connection);
    }
  }

  /**
   * Tells those whose publishes are settled by now.
   *
   * @param due how many may be told
   * @returns how many were told
   */
  tellLeaving(due: number): number {
    let told = 0;
    for (const connection of this.#leaving) {
      if (told >= due) break;
      const isHere = connection.state !== "closed";
      if (isHere && !isSettled(connection)) continue;
      this.#leaving.delete(connection);
      if (!isHere) continue; // it went by itself
      connection.sendAway();
      told += 1;
    }
    return told;
  }
}

/** Whether all that a client said so far is dealt with, and all that it published confirmed or rejected. */
function isSettled({ unsettled, inbound }: Connection): boolean {
  return unsettled === 0 && !inbound?.working;
}

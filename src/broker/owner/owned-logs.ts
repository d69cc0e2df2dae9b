import type { HeldLogs } from "../../cluster/replica/held-logs.ts";
import { MAX_CHANNEL_NAME } from "../../protocol/decode.ts";
import type { OwnedLog } from "./owned-log.ts";

/** Characters that the name of a channel may have on average. */
const NAME_SIZE = 64;

/** What of all that a broker holds counts against its bound. */
export type Holdings = Pick<HeldLogs, "count" | "namesLength" | "find">;

/**
 * The logs that a broker owns, by channel, and whether there may be one more. What it holds for others counts, too: it
 * takes as much, and is its own when they are gone. A channel that is held here is never one more.
 */
export class OwnedLogs {
  readonly #logs = new Map<string, OwnedLog>();
  readonly #held: Holdings;
  readonly #most: number;
  readonly #mostInNames: number;

  /** @param most logs held at a time; their names may have 64 characters each, on average */
  constructor(most: number, held: Holdings) {
    this.#held = held;
    this.#most = most;
    this.#mostInNames = Math.max(most * NAME_SIZE, MAX_CHANNEL_NAME);
  }

  get size(): number {
    return this.#logs.size;
  }

  /** All of them; those that come or go meanwhile may or may not be among them. */
  all(): IterableIterator<OwnedLog> {
    return this.#logs.values();
  }

  find(channel: string): OwnedLog | undefined {
    return this.#logs.get(channel);
  }

  hasRoomFor(channel: string): boolean {
    if (this.#logs.has(channel) || this.#held.find(channel) !== undefined) return true;
    return this.#held.count < this.#most && this.#held.namesLength + channel.length <= this.#mostInNames;
  }

  put(owned: OwnedLog): void {
    this.#logs.set(owned.channel, owned);
  }

  delete({ channel }: OwnedLog): void {
    this.#logs.delete(channel);
  }
}

import { MAX_CHANNEL_NAME } from "../protocol/decode.ts";
import type { OwnedLog } from "./owned-log.ts";

/** Characters that the name of a channel may have on average. */
const NAME_SIZE = 256;

/** The logs that a broker owns, by channel, and how many more there may be. */
export class OwnedLogs {
  readonly #logs = new Map<string, OwnedLog>();
  readonly #most: number;
  readonly #mostInNames: number;
  /** Characters of their names. */
  #inNames = 0;

  /** @param most logs at a time; their names may have 256 characters each, on average */
  constructor(most: number) {
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
    if (this.#logs.has(channel)) return true;
    return this.#logs.size < this.#most && this.#inNames + channel.length <= this.#mostInNames;
  }

  put(owned: OwnedLog): void {
    if (!this.#logs.has(owned.channel)) this.#inNames += owned.channel.length;
    this.#logs.set(owned.channel, owned);
  }

  delete({ channel }: OwnedLog): void {
    if (this.#logs.delete(channel)) this.#inNames -= channel.length;
  }
}

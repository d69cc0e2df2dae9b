import type { LogEntry } from "../pubsub/channel-log.ts";
import type { OwnedLog, Publisher } from "./owned-log.ts";
import type { Port } from "./port.ts";

/** Something a follower is told, or something that waits for what it was told before. */
export interface CopyItem {
  readonly kind: "copy" | "log" | "keep" | "drop" | "after";
  readonly owned: OwnedLog;
  /** Of a copy. */
  readonly entry: LogEntry | undefined;
  /** Who is to be told once it is held twice, and at which position of its link it came. */
  readonly publisher: Publisher | undefined;
  readonly position: number;
  /** Offset that the follower holds with it. */
  readonly offset: number;
  /** Copies said on the connection when it was sent: acknowledged by this count. */
  count: number;
}

/**
 * What an owner has told one follower and the follower has not acknowledged yet, in order, under one ring. On a new
 * connection all of it is said again; the follower knows what it has. Pure.
 */
export class CopyStream {
  readonly followerId: string;
  readonly #held: (item: CopyItem) => void;
  #port: Port | undefined;
  #items: CopyItem[] = [];
  /** Everything before this index was acknowledged. */
  #start = 0;

  /** @param held the follower holds what this item told it */
  constructor(followerId: string, held: (item: CopyItem) => void) {
    this.followerId = followerId;
    this.#held = held;
  }

  /** Items that are not acknowledged. */
  get length(): number {
    return this.#items.length - this.#start;
  }

  copy(owned: OwnedLog, entry: LogEntry, publisher: Publisher | undefined, position: number): void {
    this.#add({ kind: "copy", owned, entry, publisher, position, offset: entry.offset, count: 0 });
  }

  /** Sends all of a log, or says that the follower has it, or that nothing is left of it. */
  tell(kind: "log" | "keep" | "drop", owned: OwnedLog): void {
    const offset = owned.log.last;
    this.#add({ kind, owned, entry: undefined, publisher: undefined, position: 0, offset, count: 0 });
  }

  /** Confirms a repeat once everything before it is acknowledged: at once if it is. */
  after(owned: OwnedLog, publisher: Publisher, position: number): void {
    if (this.length === 0) publisher.heldTwice(position);
    else this.#add({ kind: "after", owned, entry: undefined, publisher, position, offset: 0, count: 0 });
  }

  /** The follower can be reached on this connection from here on. */
  opened(port: Port): void {
    this.#port = port;
    for (let index = this.#start; index < this.#items.length; index++) {
      this.#say(this.#items[index] as CopyItem, port);
    }
  }

  /** The connection has ended. */
  closed(port: Port): void {
    if (this.#port === port) this.#port = undefined;
  }

  /** The follower holds so many of the copies of a connection. */
  acknowledged(port: Port, count: number): void {
    if (port !== this.#port) return;
    while (this.#start < this.#items.length) {
      const item = this.#items[this.#start] as CopyItem;
      if (item.count > count) break;
      this.#start += 1;
      this.#held(item);
    }
    // Only when half of the array is gone is the rest moved: once per item on average.
    if (this.#start * 2 < this.#items.length) return;
    this.#items = this.#items.slice(this.#start);
    this.#start = 0;
  }

  /**
   * The follower cannot go on with a log: what was sent of it is sent again as a whole, and its publishers are
   * told after that.
   */
  again(owned: OwnedLog): void {
    const waiting = this.#items.slice(this.#start);
    const concerned = waiting.filter((item) => item.owned === owned);
    this.#items = waiting.filter((item) => item.owned !== owned);
    this.#start = 0;
    this.tell("log", owned);
    for (const { publisher, position } of concerned) if (publisher) this.after(owned, publisher, position);
  }

  #add(item: CopyItem): void {
    this.#items.push(item);
    if (this.#port !== undefined) this.#say(item, this.#port);
  }

  #say(item: CopyItem, port: Port): void {
    const { log } = item.owned;
    if (item.kind === "log") port.sayLog(log);
    else if (item.kind !== "after") {
      const number = port.names.numberOf(log.channel);
      if (item.entry !== undefined) port.sayCopy(number, item.entry);
      else if (item.kind === "keep") {
        port.copies.said += 1;
        port.link.entries.keep(number, item.offset + 1);
      } else {
        port.copies.said += 1;
        port.link.entries.drop(number);
      }
    }
    item.count = port.copies.said;
  }
}

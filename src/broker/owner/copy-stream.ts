import type { Port } from "../../cluster/peer/port.ts";
import type { LogEntry } from "../../pubsub/channel-log.ts";
import type { OwnedLog, Publisher } from "./owned-log.ts";

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
  /** Bytes that it took on the connection. */
  size: number;
}

/** Something that goes the way of copies and is none, and who is told when the follower has acknowledged it. */
interface CanaryItem {
  readonly kind: "canary";
  readonly held: (() => void)[];
  count: number;
  size: number;
}

type Item = CopyItem | CanaryItem;

/** What an item takes beside the messages in it, bytes, about. */
const ITEM_SIZE = 50;

/**
 * What an owner has told one follower and the follower has not acknowledged yet, in order, under one ring. On a new
 * connection all of it is said again; the follower knows what it has. No more is said at a time than a connection
 * bears: it would be closed for it, and begin anew. Pure.
 */
export class CopyStream {
  readonly followerId: string;
  readonly #held: (item: CopyItem) => void;
  readonly #window: number;
  #port: Port | undefined;
  #items: Item[] = [];
  /** Everything before this index was acknowledged. */
  #start = 0;
  /** Everything before this index was said on this connection. */
  #next = 0;
  /** Bytes said and not acknowledged. */
  #bytes = 0;
  /** The canary that is on its way. */
  #canary: CanaryItem | undefined;
  /** Ticks in which the follower acknowledged nothing of what it was told. */
  #stalled = 0;
  /** Parts of large frames that had passed the connection at the last tick. */
  #parts = 0;

  /**
   * @param window bytes that may be said and not acknowledged; one item always fits
   * @param held the follower holds what this item told it
   */
  constructor(followerId: string, window: number, held: (item: CopyItem) => void) {
    this.followerId = followerId;
    this.#window = window;
    this.#held = held;
  }

  /** Items that are not acknowledged. */
  get length(): number {
    return this.#items.length - this.#start;
  }

  /** Bytes that they take, about. Looks at each that has not been said yet: for who asks now and then. */
  get unacknowledgedBytes(): number {
    let bytes = this.#bytes;
    for (let i = this.#next; i < this.#items.length; i++) bytes += sizeOf(this.#items[i] as Item);
    return bytes;
  }

  /** When the oldest message that is not acknowledged was put in order, ms of the owner's clock. */
  get oldestAt(): number | undefined {
    for (let i = this.#start; i < this.#items.length; i++) {
      const item = this.#items[i] as Item;
      if (item.kind !== "canary" && item.entry !== undefined) return item.entry.at;
    }
    return undefined;
  }

  copy(owned: OwnedLog, entry: LogEntry, publisher: Publisher | undefined, position: number): void {
    const { offset } = entry;
    this.#add({ kind: "copy", owned, entry, publisher, position, offset, count: 0, size: 0 });
  }

  /** Sends all of a log, or says that the follower has it, or that nothing is left of it. */
  tell(kind: "log" | "keep" | "drop", owned: OwnedLog): void {
    const offset = owned.log.last;
    const nobody = { entry: undefined, publisher: undefined, position: 0 };
    this.#add({ kind, owned, ...nobody, offset, count: 0, size: 0 });
  }

  /** Confirms a repeat once everything before it is acknowledged: at once if it is. */
  after(owned: OwnedLog, publisher: Publisher, position: number): void {
    if (this.length === 0) publisher.heldTwice(position);
    else
      this.#add({
        kind: "after",
        owned,
        entry: undefined,
        publisher,
        position,
        offset: 0,
        count: 0,
        size: 0,
      });
  }

  /**
   * Sends a canary behind all that was told before; those that come while one is on its way share it.
   *
   * @param held called once the follower has acknowledged it; at once if it does not know what a canary is
   */
  canary(held: () => void): void {
    if (this.#canary !== undefined) this.#canary.held.push(held);
    else if (this.#port?.takesCanaries === false) held();
    else {
      this.#canary = { kind: "canary", held: [held], count: 0, size: 0 };
      this.#add(this.#canary);
    }
  }

  /** To be called every second or so. */
  tick(): void {
    const parts = this.#port?.link.partCount ?? 0;
    // A large frame that is still on its way, here or there, holds up what is to be acknowledged.
    const isStill = this.#start < this.#next && parts === this.#parts;
    this.#parts = parts;
    this.#stalled = isStill ? this.#stalled + 1 : 0;
  }

  /** For how many ticks the follower has acknowledged nothing, though it was told something. */
  get stalledTicks(): number {
    return this.#stalled;
  }

  /** The follower can be reached on this connection from here on. */
  opened(port: Port): void {
    this.#port = port;
    this.#next = this.#start;
    this.#bytes = 0;
    this.#stalled = 0;
    if (!port.takesCanaries) this.#dropCanary();
    this.#sayMore();
  }

  /** The connection has ended. */
  closed(port: Port): void {
    if (this.#port === port) this.#port = undefined;
  }

  /** The follower holds so many of the copies of a connection. */
  acknowledged(port: Port, count: number): void {
    if (port !== this.#port) return;
    for (;;) {
      const item = this.#start < this.#next ? this.#items[this.#start] : undefined;
      if (item === undefined || item.count > count) break;
      this.#start += 1;
      this.#bytes -= item.size;
      this.#stalled = 0;
      this.#tellHeld(item);
      // What only waits for others is not said, and so not acknowledged: it may be its turn at once.
      this.#sayMore();
    }
    // Only when half of the array is gone is the rest moved: once per item on average.
    if (this.#start * 2 < this.#items.length) return;
    this.#items = this.#items.slice(this.#start);
    this.#next -= this.#start;
    this.#start = 0;
  }

  /**
   * The follower cannot go on with a log: what was sent of it is sent again as a whole, and its publishers are
   * told after that.
   */
  again(owned: OwnedLog): void {
    const isConcerned = (item: Item): item is CopyItem => item.kind !== "canary" && item.owned === owned;
    const said = this.#items.slice(this.#start, this.#next);
    const unsaid = this.#items.slice(this.#next);
    const concerned = [...said, ...unsaid].filter(isConcerned);
    for (const { size } of said.filter(isConcerned)) this.#bytes -= size;
    const saidStill = said.filter((item) => !isConcerned(item));
    this.#items = [...saidStill, ...unsaid.filter((item) => !isConcerned(item))];
    this.#start = 0;
    this.#next = saidStill.length;
    this.tell("log", owned);
    for (const { publisher, position } of concerned) if (publisher) this.after(owned, publisher, position);
  }

  #tellHeld(item: Item): void {
    if (item.kind !== "canary") return this.#held(item);
    this.#canary = undefined;
    for (const held of item.held) held();
  }

  /** The follower would not understand it, and is not asked. */
  #dropCanary(): void {
    const canary = this.#canary;
    if (canary === undefined) return;
    this.#items = this.#items.filter((item) => item !== canary);
    this.#tellHeld(canary);
  }

  #add(item: Item): void {
    this.#items.push(item);
    this.#sayMore();
  }

  #sayMore(): void {
    // What is said may end the connection, and with it the port.
    while (
      this.#port !== undefined &&
      this.#next < this.#items.length &&
      (this.#bytes < this.#window || this.#bytes === 0)
    ) {
      const item = this.#items[this.#next] as Item;
      this.#next += 1;
      item.size = sizeOf(item);
      this.#bytes += item.size;
      this.#say(item, this.#port);
    }
  }

  #say(item: Item, port: Port): void {
    if (item.kind === "canary") port.sayCanary();
    else this.#sayOfLog(item, port);
    item.count = port.copies.said;
  }

  #sayOfLog(item: CopyItem, port: Port): void {
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
  }
}

function sizeOf(item: Item): number {
  if (item.kind === "canary") return ITEM_SIZE;
  const { kind, owned, entry } = item;
  if (entry !== undefined) return entry.bytes.length + ITEM_SIZE;
  if (kind === "after") return 0;
  return (kind === "log" ? owned.log.bytes : 0) + ITEM_SIZE;
}

import { BadEntryError } from "../../link/entries.ts";
import type { LinkHandle } from "../../link/link.ts";
import { NAME_TABLE_SIZE, NameTable } from "../../link/name-table.ts";
import { RefuseAll } from "../../link/refuse-all.ts";
import type { ChannelLog, LogEntry } from "../../pubsub/channel-log.ts";
import type { Epoch, RingVersion } from "../../pubsub/version.ts";
import type { CurrentRing } from "../ring/current-ring.ts";
import { LinkRing } from "./link-ring.ts";
import type { Copy, Offer } from "./log-transfer.ts";
import type { Hello } from "./peer-hello.ts";

/** What an end of a link remembers of a channel that the other side has named. */
export interface Slot {
  readonly channel: string;
}

/** What another member says of logs, under the ring that is current here. Everything else was not looked at. */
export interface LogEvents {
  offered(from: Port, channel: string, offer: Omit<Offer, "from">): void;
  done(from: Port): void;
  pulled(from: Port, channel: string): void;
  begun(from: Port, channel: string, epoch: Epoch, last: number): void;
  sequence(from: Port, channel: string, origin: string, sequence: number): void;
  copy(from: Port, channel: string, copy: Copy): void;
  ended(from: Port, channel: string, next: number): void;
  keep(from: Port, channel: string, next: number): void;
  drop(from: Port, channel: string): void;
  copied(from: Port, count: number): void;
  recopy(from: Port, channel: string): void;
  settled(from: Port): void;
  canary(from: Port): void;
}

export interface PortOptions {
  readonly link: LinkHandle;
  readonly ring: CurrentRing;
  /** What this end says of itself. */
  readonly hello: Hello;
  /** Takes what is said of logs that members keep for each other. */
  readonly logs: LogEvents;
}

/**
 * What both ends of a link between two members have in common: the ring travels on it, channels and origins are
 * called by number, and logs are handed over and copied.
 *
 * Three lifetimes meet here. Everything in a port ends with its connection: tables, positions, what was asked.
 * What is remembered of a channel's number (a slot) ends earlier, when the number is given anew, and is told
 * again then. What was said under an older ring was not looked at, and is said again under the newer one.
 *
 * @typeParam S what an end remembers of a channel that the other side has named
 */
export abstract class Port<S extends Slot = Slot> extends RefuseAll {
  readonly link: LinkHandle;
  /** The ring on this link. */
  readonly linkRing: LinkRing;
  /** The numbers under which this end names channels. */
  readonly names: NameTable;
  /** The numbers under which this end names origins. */
  readonly origins: NameTable;
  /** Copies said here, and those that came: both sides count alike. */
  readonly copies = { said: 0, came: 0 };
  /** Who is at the other end; empty until it has said so. */
  instanceId = "";
  /** Whether the other end knows what a canary is. */
  takesCanaries = false;
  /** Signs of life that came on this connection: one each half second. */
  beats = 0;
  /** Whether the other end can be told how much it may have unconfirmed here. */
  protected takesWindows = false;
  readonly #logs: LogEvents;
  readonly #named: (channel: string) => S;
  readonly #slots: (S | undefined)[] = [];
  readonly #theirOrigins: string[] = [];

  /** @param named what to remember of a channel that the other side names */
  constructor({ link, ring, hello, logs }: PortOptions, named: (channel: string) => S) {
    super();
    this.link = link;
    this.linkRing = new LinkRing(ring, link);
    this.names = new NameTable((number, channel) => {
      link.entries.name(number, channel);
      this.announced(number, channel);
    });
    this.origins = new NameTable((number, instanceId) => link.entries.origin(number, instanceId));
    this.#logs = logs;
    this.#named = named;
    link.entries.hello(JSON.stringify({ ...hello, canaries: true, windows: true, parts: true }));
  }

  /**
   * A number of ours means this channel from here on. Whatever the other side knew of the number is gone by
   * then, also where it meant this channel before.
   */
  announced(_number: number, _channel: string): void {}

  /** A ring was adopted here. */
  adopted(): void {
    this.linkRing.adopted();
  }

  /** Ends the connection. */
  close(reason: string): void {
    this.link.close(reason);
  }

  override ring(json: string): void {
    this.linkRing.peerSent(json);
  }

  override version(version: RingVersion): void {
    this.linkRing.peerAt(version);
  }

  override beat(received: number): void {
    this.beats += 1;
    this.link.acknowledged(received);
  }

  override parts(count: number): void {
    this.link.partsAcknowledged(count);
  }

  override name(number: number, channel: string): void {
    if (number >= NAME_TABLE_SIZE) throw new BadEntryError(`there is no channel number ${number}`);
    this.#slots[number] = this.#named(channel);
  }

  override origin(number: number, instanceId: string): void {
    if (number >= NAME_TABLE_SIZE) throw new BadEntryError(`there is no origin number ${number}`);
    this.#theirOrigins[number] = instanceId;
  }

  /** @throws {BadEntryError} if the other side has not named this number */
  slot(number: number): S {
    const slot = this.#slots[number];
    if (slot === undefined) throw new BadEntryError(`channel number ${number} has no name`);
    return slot;
  }

  // --- logs: what this end says ---

  /** Sends a whole log, stable or not. */
  sayLog(log: ChannelLog): void {
    const { entries } = this.link;
    const number = this.names.numberOf(log.channel);
    const messages = log.after(0);
    const first = messages[0];
    entries.log(number, log.epoch, first === undefined ? log.last : first.offset - 1);
    for (const [origin, sequence] of log.origins.highestOfAll()) {
      entries.sequence(number, this.origins.numberOf(origin), sequence);
    }
    for (const message of messages) this.sayCopy(number, message);
    this.copies.said += 1;
    entries.end(number, log.last + 1);
  }

  sayCopy(number: number, { offset, origin, sequence, bytes }: LogEntry): void {
    this.copies.said += 1;
    this.link.entries.copy(number, offset, this.origins.numberOf(origin), sequence, bytes);
  }

  /** Sends a canary behind the copies. */
  sayCanary(): void {
    this.copies.said += 1;
    this.link.entries.canaryCopy();
  }

  /** Who is at the other end, as it says itself. */
  protected introducedAs({ instanceId, canaries = false, windows = false, parts = false }: Hello): void {
    if (this.instanceId !== "") throw new BadEntryError("hello is said once");
    if (parts) this.link.saysParts();
    this.instanceId = instanceId;
    this.takesCanaries = canaries;
    this.takesWindows = windows;
  }

  // --- logs: what the other side says ---

  override offer(number: number, rank: RingVersion, epoch: Epoch, next: number, size: number): void {
    if (this.linkRing.isSame)
      this.#logs.offered(this, this.slot(number).channel, { rank, epoch, next, size });
  }

  override done(): void {
    if (this.linkRing.isSame) this.#logs.done(this);
  }

  override pull(number: number): void {
    if (this.linkRing.isSame) this.#logs.pulled(this, this.slot(number).channel);
  }

  override log(number: number, epoch: Epoch, last: number): void {
    if (this.linkRing.isSame) this.#logs.begun(this, this.slot(number).channel, epoch, last);
  }

  override sequence(number: number, origin: number, sequence: number): void {
    if (!this.linkRing.isSame) return;
    this.#logs.sequence(this, this.slot(number).channel, this.#originOf(origin), sequence);
  }

  override copy(number: number, offset: number, origin: number, sequence: number, bytes: Buffer): void {
    this.copies.came += 1;
    if (!this.linkRing.isSame) return;
    const copy = { offset, origin: this.#originOf(origin), sequence, bytes };
    this.#logs.copy(this, this.slot(number).channel, copy);
  }

  override end(number: number, next: number): void {
    this.copies.came += 1;
    if (this.linkRing.isSame) this.#logs.ended(this, this.slot(number).channel, next);
  }

  override keep(number: number, next: number): void {
    this.copies.came += 1;
    if (this.linkRing.isSame) this.#logs.keep(this, this.slot(number).channel, next);
  }

  override drop(number: number): void {
    this.copies.came += 1;
    if (this.linkRing.isSame) this.#logs.drop(this, this.slot(number).channel);
  }

  override canaryCopy(): void {
    this.copies.came += 1;
    if (this.linkRing.isSame) this.#logs.canary(this);
  }

  override copied(count: number): void {
    if (this.linkRing.isSame) this.#logs.copied(this, count);
  }

  override recopy(number: number): void {
    if (this.linkRing.isSame) this.#logs.recopy(this, this.slot(number).channel);
  }

  override settled(): void {
    if (this.linkRing.isSame) this.#logs.settled(this);
  }

  #originOf(number: number): string {
    const origin = this.#theirOrigins[number];
    if (origin === undefined) throw new BadEntryError(`origin number ${number} has no name`);
    return origin;
  }
}

import { BadEntryError } from "../link/entries.ts";
import type { LinkHandle } from "../link/link.ts";
import { NameTable } from "../link/name-table.ts";
import type { ChannelLog, LogEntry, Position } from "../pubsub/channel-log.ts";
import type { CurrentRing } from "./current-ring.ts";
import type { LogSubscriber, OwnedLog, Owner } from "./owner.ts";
import { type Hello, parseHello } from "./peer-hello.ts";
import { Port } from "./port.ts";

interface Slot {
  readonly channel: string;
  owned: OwnedLog | undefined;
}

export interface WorkerPortOptions {
  readonly owner: Owner;
  readonly ring: CurrentRing;
  readonly link: LinkHandle;
  /** What this broker says of itself. */
  readonly hello: Hello;
  /** Runs a task once, at the end of the turn and before the link is written. */
  readonly atTurnEnd: (task: () => void) => void;
  /** The other side said who it is. */
  readonly introduced: (hello: Hello) => void;
}

/**
 * One worker's link, seen from the broker: takes its publishes and subscriptions to the owner, and brings it
 * records and confirmations. What is said under another ring than the current one is not looked at: whoever
 * said it says it again under the newer ring.
 */
export class WorkerPort extends Port<Slot> implements LogSubscriber {
  readonly #options: WorkerPortOptions;
  readonly #owner: Owner;
  readonly #origins: NameTable;
  readonly #followed = new Set<OwnedLog>();
  #instanceId = "";
  #isClosed = false;
  /** Publishes read from this link so far. */
  #position = 0;
  /** A range of positions that is confirmed but not yet said so. */
  #confirmFirst = 0;
  #confirmCount = 0;

  constructor(options: WorkerPortOptions) {
    super(options.link, options.ring, options.hello, (channel) => ({ channel, owned: undefined }));
    this.#options = options;
    this.#owner = options.owner;
    this.#origins = new NameTable((number, instanceId) => options.link.entries.origin(number, instanceId));
  }

  get instanceId(): string {
    return this.#instanceId;
  }

  override adopted(): void {
    super.adopted();
    for (const owned of this.#followed) if (owned.closed) this.#followed.delete(owned);
  }

  /** The link is gone. */
  closed(): void {
    this.#isClosed = true;
    for (const owned of this.#followed) owned.subscribers.delete(this);
    this.#followed.clear();
  }

  // --- what the worker says ---

  override hello(json: string): void {
    const hello = parseHello(json);
    this.#instanceId = hello.instanceId;
    this.#options.introduced(hello);
    this.linkRing.peerHas(hello.ring);
  }

  override publish(number: number, sequence: number, bytes: Buffer): void {
    this.#position += 1;
    if (!this.linkRing.isSame || this.#isClosed) return;
    const slot = this.slot(number);
    if (!this.#owner.hasRoomFor(slot.channel)) {
      this.link.entries.refuse(this.#position, "Cannot publish: the broker has as many channels as it may");
      return;
    }
    const owned = this.#ownedBy(slot);
    const message = { origin: this.#instanceId, sequence, bytes };
    const isNew = this.#owner.append(owned, message, { subscriber: this, position: this.#position });
    // Where this link is subscribed, the record it got is the confirmation.
    if (!isNew || !owned.subscribers.has(this)) this.#confirm(this.#position);
  }

  override subscribe(number: number, ask: number, since: Position | undefined): void {
    if (!this.linkRing.isSame || this.#isClosed) return;
    const owned = this.#ownedBy(this.slot(number));
    const { log } = owned;
    const entries = this.link.entries;
    const name = this.names.numberOf(log.channel);
    entries.epoch(name, log.epoch);
    // First of all: what is written from here on may end the link, and then it must be found there.
    owned.subscribers.add(this);
    this.#followed.add(owned);
    this.#answer(name, ask, log, since);
  }

  override unsubscribe(number: number): void {
    // The number may have been given anew since: the channel's name says which log it is.
    const owned = this.#owner.find(this.slot(number).channel);
    if (owned === undefined) return;
    owned.subscribers.delete(this);
    this.#followed.delete(owned);
  }

  override announced(number: number, channel: string): void {
    const owned = this.#owner.find(channel);
    if (owned) this.link.entries.epoch(number, owned.log.epoch);
  }

  // --- what the logs say ---

  appended(owned: OwnedLog, entry: LogEntry, cameHere: number | undefined): void {
    const name = this.names.numberOf(owned.log.channel);
    if (cameHere === undefined) this.#write(name, entry);
    else this.link.entries.own(name, entry.offset, cameHere);
  }

  #answer(name: number, ask: number, log: ChannelLog, since: Position | undefined): void {
    const { entries } = this.link;
    const missed = since === undefined ? { entries: [] } : log.since(since);
    if ("entries" in missed) {
      for (const entry of missed.entries) this.#write(name, entry);
      entries.subscribed(name, ask, log.stable, "none");
      return;
    }
    // A log that began after what was seen is shown from its beginning, as far as it is still there.
    const all = log.since({ epoch: log.epoch, offset: 0 });
    const whole = missed.gap === "new log" && "entries" in all ? all.entries : undefined;
    entries.subscribed(name, ask, whole === undefined ? log.stable : 0, missed.gap);
    for (const entry of whole ?? []) this.#write(name, entry);
  }

  #write(name: number, { offset, origin, sequence, bytes }: LogEntry): void {
    this.link.entries.record(name, offset, this.#origins.numberOf(origin), sequence, bytes);
  }

  #ownedBy(slot: Slot): OwnedLog {
    if (slot.owned === undefined || slot.owned.closed) {
      // Both sides are at the same ring, so both place the channel alike; else one of them is broken.
      if (!this.#owner.owns(slot.channel)) throw new BadEntryError("the channel belongs to another broker");
      slot.owned = this.#owner.open(slot.channel);
    }
    return slot.owned;
  }

  /** Gathers positions that follow each other, to say so once a turn. */
  #confirm(position: number): void {
    if (this.#confirmCount > 0 && position === this.#confirmFirst + this.#confirmCount) {
      this.#confirmCount += 1;
      return;
    }
    if (this.#confirmCount === 0) this.#options.atTurnEnd(this.#sayConfirmed);
    else this.link.entries.confirm(this.#confirmFirst, this.#confirmCount);
    this.#confirmFirst = position;
    this.#confirmCount = 1;
  }

  readonly #sayConfirmed = (): void => {
    this.link.entries.confirm(this.#confirmFirst, this.#confirmCount);
    this.#confirmCount = 0;
  };
}

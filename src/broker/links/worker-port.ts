import { type Hello, parseHello } from "../../cluster/peer/peer-hello.ts";
import { Port, type PortOptions, type Slot } from "../../cluster/peer/port.ts";
import { BadEntryError } from "../../link/entries.ts";
import type { ChannelLog, LogEntry, Position } from "../../pubsub/channel-log.ts";
import type { OwnedLog, Publisher } from "../owner/owned-log.ts";
import type { Owner } from "../owner/owner.ts";
import type { Canaries, CanarySender } from "./canaries.ts";

export interface WorkerPortOptions extends PortOptions {
  readonly owner: Owner;
  readonly canaries: Canaries;
  /** Runs a task once, at the end of the turn and before the link is written. */
  readonly atTurnEnd: (task: () => void) => void;
  /** The other side said who it is; its ring is not looked at yet. @returns whether the link is to be used */
  readonly introduced: (hello: Hello) => boolean;
  /** There was no room for a channel that is new. */
  readonly refused: () => void;
  /** Both sides know each other's ring: whatever is to be said can be said from here on. */
  readonly opened: () => void;
}

/** What a worker wants that is not served yet: it waits, or is said again. */
const NOBODY_WAITS = "too much waits for a change of the ring";
/** Why a channel that nobody uses yet is not begun with. */
const NO_ROOM = "the broker has as many channels as it may";

/**
 * A link that another member made to this broker. A worker's publishes and subscriptions go to the owner, and it is
 * brought records and confirmations; a broker only hands over and copies logs. What is said under another ring than
 * the current one is not looked at: whoever said it says it again under the newer ring.
 */
export class WorkerPort extends Port implements Publisher, CanarySender {
  readonly #options: WorkerPortOptions;
  readonly #owner: Owner;
  readonly #followed = new Set<OwnedLog>();
  #isClosed = false;
  /** Publishes read from this link so far. */
  #position = 0;
  /** What the other side was told that it may have unconfirmed here, bytes. */
  #allowed = Infinity;
  /** A range of positions that is confirmed but not yet said so. */
  #confirmFirst = 0;
  #confirmCount = 0;

  constructor(options: WorkerPortOptions) {
    super(options, (channel) => ({ channel }));
    this.#options = options;
    this.#owner = options.owner;
  }

  override adopted(): void {
    super.adopted();
    for (const owned of this.#followed) if (owned.closed) this.#followed.delete(owned);
  }

  /** The link is gone. */
  closed(): void {
    this.#isClosed = true;
    this.#options.canaries.left(this);
    for (const owned of this.#followed) this.#owner.lost(owned, this);
    this.#followed.clear();
  }

  // --- what the other side says ---

  override hello(json: string): void {
    const hello = parseHello(json);
    this.introducedAs(hello);
    if (!this.#options.introduced(hello)) return;
    this.linkRing.peerHas(hello.ring);
    // The other side's ring may have ended this broker's life, and this link with it.
    if (!this.#isClosed) this.#options.opened();
  }

  override publish(number: number, sequence: number, bytes: Buffer): void {
    this.#position += 1;
    if (!this.linkRing.isSame || this.#isClosed) return;
    const slot = this.slot(number);
    const message = { origin: this.instanceId, sequence, bytes };
    const owned = this.#owner.servedNow(slot.channel);
    if (owned !== undefined) this.#owner.append(owned, message, this, this.#position);
    else this.#publishFirst(slot, message, this.#position);
  }

  #publishFirst(
    slot: Slot,
    message: { readonly origin: string; readonly sequence: number; readonly bytes: Buffer },
    position: number,
  ): void {
    if (!this.#owner.admits(slot.channel)) {
      this.#options.refused();
      this.link.entries.refuse(position, NO_ROOM);
      return;
    }
    const owned = this.#served(slot);
    if (owned !== undefined) {
      this.#owner.append(owned, message, this, position);
      return;
    }
    const kept = { ...message, bytes: Buffer.from(message.bytes) };
    this.#wait(slot, kept.bytes.length, () => this.#publishFirst(slot, kept, position));
  }

  override subscribe(number: number, ask: number, since: Position | undefined): void {
    if (this.linkRing.isSame) this.#subscribe(this.slot(number), ask, since);
  }

  #subscribe(slot: Slot, ask: number, since: Position | undefined): void {
    if (this.#isClosed) return;
    // Who has seen a place in it goes on with what the cluster had already.
    if (since === undefined && !this.#owner.admits(slot.channel)) {
      this.#options.refused();
      this.link.entries.refuseSubscribe(this.names.numberOf(slot.channel), ask, NO_ROOM);
      return;
    }
    const owned = this.#served(slot);
    if (owned === undefined) {
      this.#wait(slot, 0, () => this.#subscribe(slot, ask, since));
      return;
    }
    const { log } = owned;
    const name = this.names.numberOf(log.channel);
    this.link.entries.epoch(name, log.epoch);
    // First of all: what is written from here on may end the link, and then it must be found there.
    owned.subscribe(this);
    this.#followed.add(owned);
    this.#answer(name, ask, log, since);
  }

  override unsubscribe(number: number): void {
    // The number may have been given anew since: the channel's name says which log it is.
    const slot = this.slot(number);
    // It may wait to be subscribed: then this waits behind it.
    if (this.#owner.isAwaited(slot.channel)) this.#wait(slot, 0, () => this.#unsubscribe(slot.channel));
    else this.#unsubscribe(slot.channel);
  }

  #unsubscribe(channel: string): void {
    const owned = this.#owner.find(channel);
    if (owned === undefined) return;
    this.#followed.delete(owned);
    this.#owner.left(owned, this);
  }

  override canary(number: number): void {
    if (this.linkRing.isSame && !this.#isClosed) this.#options.canaries.came(this, number);
  }

  override announced(number: number, channel: string): void {
    const owned = this.#owner.find(channel);
    if (owned !== undefined && this.#followed.has(owned)) this.link.entries.epoch(number, owned.log.epoch);
  }

  /** The other side may have so many bytes of publishes unconfirmed here. One that cannot be told knows no bound. */
  allows(bytes: number): void {
    if (!this.takesWindows || bytes === this.#allowed) return;
    this.#allowed = bytes;
    this.link.entries.allow(bytes);
  }

  // --- what becomes of canaries ---

  tellHeld(number: number): void {
    this.link.entries.canaryHeld(number);
  }

  tellWaits(number: number): void {
    this.link.entries.canaryWaits(number);
  }

  // --- what the logs say ---

  appended(owned: OwnedLog, entry: LogEntry, cameHere: number | undefined): void {
    const name = this.names.numberOf(owned.log.channel);
    if (cameHere === undefined) this.#write(name, entry);
    else this.link.entries.own(name, entry.offset, cameHere);
  }

  replaced(): void {
    this.link.close("a log was replaced by a better copy");
  }

  /** Gathers positions that follow each other, to say so once a turn. */
  heldTwice(position: number): void {
    if (this.#confirmCount > 0 && position === this.#confirmFirst + this.#confirmCount) {
      this.#confirmCount += 1;
      return;
    }
    if (this.#confirmCount === 0) this.#options.atTurnEnd(this.#sayConfirmed);
    else this.link.entries.confirm(this.#confirmFirst, this.#confirmCount);
    this.#confirmFirst = position;
    this.#confirmCount = 1;
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
    this.link.entries.record(name, offset, this.origins.numberOf(origin), sequence, bytes);
  }

  /** The log of a channel, if it is served now. */
  #served({ channel }: Slot): OwnedLog | undefined {
    // Both sides are at the same ring, so both place the channel alike; else one of them is broken.
    if (!this.#owner.owns(channel)) throw new BadEntryError("the channel belongs to another broker");
    return this.#owner.served(channel);
  }

  #wait(slot: Slot, bytes: number, task: () => void): void {
    const waits = this.#owner.whenServed(slot.channel, bytes, () => {
      if (!this.#isClosed) task();
    });
    if (!waits) this.link.close(NOBODY_WAITS);
  }

  readonly #sayConfirmed = (): void => {
    this.link.entries.confirm(this.#confirmFirst, this.#confirmCount);
    this.#confirmCount = 0;
  };
}

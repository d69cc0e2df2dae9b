import { type Hello, parseHello } from "../cluster/peer/peer-hello.ts";
import { Port, type PortOptions, type Slot } from "../cluster/peer/port.ts";
import { BadEntryError, type GapReason } from "../link/entries.ts";
import { Publication } from "../pubsub/publication.ts";
import type { Epoch, RingVersion } from "../pubsub/version.ts";
import type { Pending } from "./pending.ts";
import type { Subscription } from "./subscription.ts";
import { SentPublishes } from "./unconfirmed.ts";

/** What a broker tells this worker. */
export interface BrokerPortEvents {
  /** The other side said who it is. Whatever this worker wants of it can be said from here on. */
  introduced(hello: Hello): void;
  /** It is at the same ring again after another: what was asked of it may be forgotten there. */
  returned(): void;
  confirmed(pending: Pending): void;
  refused(pending: Pending, reason: string): void;
  /** A message in its place. */
  recorded(epoch: Epoch, offset: number, publication: Publication): void;
  /** This worker's own message is in this place, but it is no longer at hand. */
  recordedWithout(channel: string): void;
  answered(channel: string, answer: Answer): void;
  /** It does not begin with a channel that was asked for. */
  notBegun(channel: string, ask: number, reason: string): void;
  /** It lets this worker have more or less unconfirmed there than before. */
  allowed(): void;
  canaryHeld(number: number): void;
  /** A canary waits, and not for this broker. */
  canaryWaits(number: number): void;
}

export interface Answer {
  readonly ask: number;
  readonly epoch: Epoch;
  readonly stable: number;
  readonly gap: GapReason;
}

interface ChannelSlot extends Slot {
  epoch: Epoch | undefined;
}

/** One connection of a worker to a broker, seen from the worker. */
export class BrokerPort extends Port<ChannelSlot> {
  readonly #events: BrokerPortEvents;
  readonly #sent = new SentPublishes();
  /** Position of the first publish that was sent under the current ring. */
  #sentUnderOlder = 0;
  #strayed = false;
  /** What the broker lets this worker have unconfirmed there, bytes. Until it says so, nothing but the own settings. */
  window = Infinity;
  #served = 0;

  constructor(options: PortOptions, events: BrokerPortEvents) {
    super(options, (channel) => ({ channel, epoch: undefined }));
    this.#events = events;
  }

  /**
   * A ring was adopted here, and everything is sent again under it. What was sent before is not confirmed any
   * more once the broker is at this ring: it may be already, or will say so.
   */
  override adopted(): void {
    this.#sentUnderOlder = this.#sent.next;
    super.adopted();
    if (this.linkRing.isSame) this.#sent.forgetBefore(this.#sentUnderOlder);
  }

  override ring(json: string): void {
    super.ring(json);
    this.#reviewRing();
  }

  override version(version: RingVersion): void {
    super.version(version);
    this.#reviewRing();
  }

  /** The broker is at another ring than before: whether it has come to this worker's, and by which way. */
  #reviewRing(): void {
    if (!this.linkRing.isSame) {
      // It went to a ring that this worker did not, and may have lost there what it gets back.
      this.#strayed = true;
      return;
    }
    this.#sent.forgetBefore(this.#sentUnderOlder);
    if (!this.#strayed) return;
    this.#strayed = false;
    this.#events.returned();
  }

  /** Grows with what the broker confirms, shows and answers, also while a large message comes part by part. */
  get progress(): number {
    return this.#served + this.link.partCount;
  }

  /** Positions of publishes that may still be confirmed. */
  get sentPositions(): number {
    return this.#sent.count;
  }

  // --- what this worker says ---

  /** Sends a publish (again). */
  send(pending: Pending): void {
    const { channel, bytes } = pending.publication;
    pending.sent += 1;
    this.#sent.add(pending);
    this.link.entries.publish(this.names.numberOf(channel), pending.sequence, bytes);
  }

  /** Asks for a channel under a number that no other question of this worker has, from where its subscription stands. */
  ask(subscription: Subscription, question: number): void {
    const number = this.names.numberOf(subscription.channel);
    subscription.ask(question);
    this.link.entries.subscribe(number, question, subscription.seen);
  }

  /** No longer wants a channel. */
  leave(channel: string): void {
    this.link.entries.unsubscribe(this.names.numberOf(channel));
  }

  sendCanary(number: number): void {
    this.link.entries.canary(number);
  }

  // --- what the broker says ---

  override hello(json: string): void {
    const hello = parseHello(json);
    this.introducedAs(hello);
    this.linkRing.peerHas(hello.ring);
    this.#events.introduced(hello);
  }

  override confirm(first: number, count: number): void {
    this.#served += 1;
    const end = Math.min(first + count, this.#sent.next);
    for (let position = first; position < end; position++) {
      const pending = this.#sent.take(position);
      if (pending !== undefined) this.#events.confirmed(pending);
    }
  }

  override refuse(position: number, reason: string): void {
    const pending = this.#sent.take(position);
    if (pending !== undefined) this.#events.refused(pending, reason);
  }

  override allow(bytes: number): void {
    this.window = bytes;
    this.#events.allowed();
  }

  override canaryHeld(number: number): void {
    this.#served += 1;
    this.#events.canaryHeld(number);
  }

  override canaryWaits(number: number): void {
    this.#events.canaryWaits(number);
  }

  override epoch(number: number, epoch: Epoch): void {
    this.slot(number).epoch = epoch;
  }

  override subscribed(number: number, ask: number, stable: number, gap: GapReason): void {
    this.#served += 1;
    const slot = this.slot(number);
    this.#events.answered(slot.channel, { ask, epoch: epochOf(slot), stable, gap });
  }

  override refuseSubscribe(number: number, ask: number, reason: string): void {
    this.#served += 1;
    this.#events.notBegun(this.slot(number).channel, ask, reason);
  }

  override record(number: number, offset: number, _origin: number, _sequence: number, bytes: Buffer): void {
    this.#served += 1;
    const slot = this.slot(number);
    // The bytes are a view into the frame: it lives until they were delivered, at the end of this turn.
    this.#events.recorded(epochOf(slot), offset, new Publication(slot.channel, bytes));
  }

  override own(number: number, offset: number, position: number): void {
    this.#served += 1;
    const slot = this.slot(number);
    const pending = this.#sent.take(position);
    if (pending === undefined) return this.#events.recordedWithout(slot.channel);
    this.#events.recorded(epochOf(slot), offset, pending.publication);
    this.#events.confirmed(pending);
  }
}

function epochOf(slot: ChannelSlot): Epoch {
  if (slot.epoch === undefined) throw new BadEntryError("records come without an epoch");
  return slot.epoch;
}

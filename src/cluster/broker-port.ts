import { BadEntryError, type GapReason } from "../link/entries.ts";
import type { LinkHandle } from "../link/link.ts";
import { type Pending, SentPublishes } from "../link/unconfirmed.ts";
import { Publication } from "../pubsub/publication.ts";
import type { Epoch } from "../pubsub/version.ts";
import type { CurrentRing } from "./current-ring.ts";
import { type Hello, parseHello } from "./peer-hello.ts";
import { Port } from "./port.ts";
import type { Subscription } from "./subscription.ts";

/** What a broker tells this worker. */
export interface BrokerPortEvents {
  /** The other side said who it is. Whatever this worker wants of it can be said from here on. */
  introduced(hello: Hello): void;
  confirmed(pending: Pending): void;
  refused(pending: Pending, reason: string): void;
  /** A message in its place. */
  recorded(epoch: Epoch, offset: number, publication: Publication): void;
  /** This worker's own message is in this place, but it is no longer at hand. */
  recordedWithout(channel: string): void;
  answered(channel: string, answer: Answer): void;
}

export interface Answer {
  readonly ask: number;
  readonly epoch: Epoch;
  readonly stable: number;
  readonly gap: GapReason;
}

interface Slot {
  readonly channel: string;
  epoch: Epoch | undefined;
}

/** One connection of a worker to a broker, seen from the worker. */
export class BrokerPort extends Port<Slot> {
  readonly #events: BrokerPortEvents;
  readonly #sent = new SentPublishes();

  constructor(link: LinkHandle, ring: CurrentRing, hello: Hello, events: BrokerPortEvents) {
    super(link, ring, hello, (channel) => ({ channel, epoch: undefined }));
    this.#events = events;
  }

  close(reason: string): void {
    this.link.close(reason);
  }

  // --- what this worker says ---

  /** Sends a publish (again). */
  send(pending: Pending): void {
    const { channel, bytes } = pending.publication;
    pending.sent += 1;
    this.#sent.add(pending);
    this.link.entries.publish(this.names.numberOf(channel), pending.sequence, bytes);
  }

  /** Asks for a channel, from where its subscription stands. */
  ask(subscription: Subscription): void {
    const number = this.names.numberOf(subscription.channel);
    this.link.entries.subscribe(number, subscription.ask(), subscription.seen);
  }

  /** No longer wants a channel. */
  drop(channel: string): void {
    this.link.entries.unsubscribe(this.names.numberOf(channel));
  }

  // --- what the broker says ---

  override hello(json: string): void {
    const hello = parseHello(json);
    this.linkRing.peerHas(hello.ring);
    this.#events.introduced(hello);
  }

  /** Who published what is not looked at yet; copies will. */
  override origin(): void {}

  override confirm(first: number, count: number): void {
    for (let position = first; position < first + count; position++) {
      const pending = this.#sent.take(position);
      if (pending !== undefined) this.#events.confirmed(pending);
    }
  }

  override refuse(position: number, reason: string): void {
    const pending = this.#sent.take(position);
    if (pending !== undefined) this.#events.refused(pending, reason);
  }

  override epoch(number: number, epoch: Epoch): void {
    this.slot(number).epoch = epoch;
  }

  override subscribed(number: number, ask: number, stable: number, gap: GapReason): void {
    const slot = this.slot(number);
    this.#events.answered(slot.channel, { ask, epoch: epochOf(slot), stable, gap });
  }

  override record(number: number, offset: number, _origin: number, _sequence: number, bytes: Buffer): void {
    const slot = this.slot(number);
    // The bytes are a view into the frame: it lives until they were delivered, at the end of this turn.
    this.#events.recorded(epochOf(slot), offset, new Publication(slot.channel, bytes));
  }

  override own(number: number, offset: number, position: number): void {
    const slot = this.slot(number);
    const pending = this.#sent.take(position);
    if (pending === undefined) return this.#events.recordedWithout(slot.channel);
    this.#events.recorded(epochOf(slot), offset, pending.publication);
    this.#events.confirmed(pending);
  }
}

function epochOf(slot: Slot): Epoch {
  if (slot.epoch === undefined) throw new BadEntryError("records come without an epoch");
  return slot.epoch;
}

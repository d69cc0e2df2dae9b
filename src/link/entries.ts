import { FRAME_ROOM } from "../protocol/frames.ts";
import type { Epoch, RingVersion } from "../pubsub/version.ts";
import { SccError } from "../runtime/errors.ts";
import { Kind } from "./kinds.ts";

/**
 * What two processes of a cluster say to each other: binary frames, each with any number of entries.
 *
 * An entry is a kind (one byte) and its fields. Numbers are unsigned, seven bits a byte, lowest first
 * (up to 2^53 - 1); texts and message bytes are preceded by their length. Channels and origins are named
 * once (`name`, `origin`) and then called by number; each direction of a link has tables of its own.
 * A link starts anew with each connection, and so do tables and positions.
 */
export const LINK_PROTOCOL = "scc-link.1";

/** Why a position could not be continued from; the number on the wire is the index. */
export const GAPS = ["none", "new log", "tail too short", "log went back"] as const;
export type GapReason = (typeof GAPS)[number];

/** Bytes that are no entries of this protocol: the link is closed. */
export class BadEntryError extends SccError {
  readonly code = "SCC_BAD_ENTRY";
  override readonly name = "BadEntryError";

  constructor(problem: string) {
    super(`Cannot read a frame of a link: ${problem}`);
  }
}

const FIRST_SIZE = 4096;
/** Largest Buffer that a link keeps from turn to turn, bytes. */
const MOST_KEPT = 2 ** 18;
/** Bytes from which on a frame does not wait for the turn's end, so that none grows beyond what is accepted. */
const FULL_SIZE = 2 ** 20;
/** Most bytes a number takes: 53 bits, seven in each. */
const NUMBER_SIZE = 8;

/**
 * Writes entries one behind the other into a buffer that grows, until somebody takes it.
 * Calling a method is all it takes to send: `onFirst` tells the link that there is something.
 */
export class EntryWriter {
  readonly #onFirst: () => void;
  readonly #onFull: () => void;
  #buffer = Buffer.allocUnsafeSlow(FIRST_SIZE);
  /** Where the next entry goes. */
  #length = FRAME_ROOM;

  /** @param onFull what was written is to be taken now */
  constructor(onFirst: () => void, onFull: () => void) {
    this.#onFirst = onFirst;
    this.#onFull = onFull;
  }

  /** Bytes of the entries written and not yet taken. */
  get length(): number {
    return this.#length - FRAME_ROOM;
  }

  /** The entries, behind `FRAME_ROOM` bytes for the header of their frame: valid until the next is written. */
  get written(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /**
   * What was written has gone.
   *
   * @param isKept whether somebody still needs its Buffer. If not, it is used again: a new one each turn is so
   *   much garbage outside of the heap that the whole heap was collected each second
   */
  taken(isKept: boolean): void {
    // Busy links start the next turn with the size that this one needed, and idle ones hold no more than that.
    const size = Math.max(FIRST_SIZE, Math.min(this.#length, MOST_KEPT));
    if (isKept || this.#buffer.length > MOST_KEPT) this.#buffer = Buffer.allocUnsafeSlow(size);
    this.#length = FRAME_ROOM;
  }

  /** First on every link: who speaks, as JSON. */
  hello(json: string): void {
    this.#begin(Kind.hello, 0);
    this.#text(json);
  }

  /** A newer ring than the other side has, as JSON. The sender is at its version from here on. */
  ring(json: string): void {
    this.#begin(Kind.ring, 0);
    this.#text(json);
  }

  /** The ring version that the sender is at from here on. */
  version(version: RingVersion): void {
    this.#begin(Kind.version, NUMBER_SIZE);
    this.#number(version.counter);
    this.#text(version.stateId);
  }

  /** From here on `number` means this channel. JSON text, so that any string survives. */
  name(number: number, channel: string): void {
    this.#begin(Kind.name, NUMBER_SIZE);
    this.#number(number);
    this.#text(JSON.stringify(channel));
  }

  /** From here on `number` means this origin. */
  origin(number: number, instanceId: string): void {
    this.#begin(Kind.origin, NUMBER_SIZE);
    this.#number(number);
    this.#text(instanceId);
  }

  /** A sign of life; `received` frames came from the other side so far. */
  beat(received: number): void {
    this.#begin(Kind.beat, NUMBER_SIZE);
    this.#number(received);
  }

  /** A large frame is on its way from the other side: so many parts of such frames came so far. */
  parts(count: number): void {
    this.#begin(Kind.parts, NUMBER_SIZE);
    this.#number(count);
  }

  /** A message for the channel's owner. The publishes of a link are counted from 1: its positions. */
  publish(channel: number, sequence: number, bytes: Buffer): void {
    this.#begin(Kind.publish, 3 * NUMBER_SIZE + bytes.length);
    this.#number(channel);
    this.#number(sequence);
    this.#bytes(bytes);
  }

  /** The publishes at `count` positions from `first` on are held. */
  confirm(first: number, count: number): void {
    this.#begin(Kind.confirm, 2 * NUMBER_SIZE);
    this.#number(first);
    this.#number(count);
  }

  /** The publish at this position is not accepted, for ever; `reason` is for people. */
  refuse(position: number, reason: string): void {
    this.#begin(Kind.refuse, NUMBER_SIZE);
    this.#number(position);
    this.#text(reason);
  }

  /** The other side may have so many bytes of publishes unconfirmed on this link; one message always fits. */
  allow(bytes: number): void {
    this.#begin(Kind.allow, NUMBER_SIZE);
    this.#number(bytes);
  }

  /** Asks for a channel, after a position if one is given. The answer repeats `ask`. */
  subscribe(channel: number, ask: number, since: { epoch: Epoch; offset: number } | undefined): void {
    this.#begin(Kind.subscribe, 5 * NUMBER_SIZE);
    this.#number(channel);
    this.#number(ask);
    this.#number(since === undefined ? 0 : 1);
    if (since === undefined) return;
    this.#epoch(since.epoch);
    this.#number(since.offset);
  }

  unsubscribe(channel: number): void {
    this.#begin(Kind.unsubscribe, NUMBER_SIZE);
    this.#number(channel);
  }

  /** The epoch of the channel's records from here on. */
  epoch(channel: number, epoch: Epoch): void {
    this.#begin(Kind.epoch, 3 * NUMBER_SIZE);
    this.#number(channel);
    this.#epoch(epoch);
  }

  /**
   * The answer to `subscribe`: everything above `stable` follows. Without a gap, everything after the asked
   * position and up to `stable` went ahead.
   */
  subscribed(channel: number, ask: number, stable: number, gap: GapReason): void {
    this.#begin(Kind.subscribed, 4 * NUMBER_SIZE);
    this.#number(channel);
    this.#number(ask);
    this.#number(stable);
    this.#number(GAPS.indexOf(gap));
  }

  /** The question `ask` for a channel is not answered: the channel is not begun with; `reason` is for people. */
  refuseSubscribe(channel: number, ask: number, reason: string): void {
    this.#begin(Kind.refuseSubscribe, 2 * NUMBER_SIZE);
    this.#number(channel);
    this.#number(ask);
    this.#text(reason);
  }

  /** A message in its place. */
  record(channel: number, offset: number, origin: number, sequence: number, bytes: Buffer): void {
    this.#begin(Kind.record, 5 * NUMBER_SIZE + bytes.length);
    this.#number(channel);
    this.#number(offset);
    this.#number(origin);
    this.#number(sequence);
    this.#bytes(bytes);
  }

  /** The place of a message that came by this link, at this position: its record and its confirmation. */
  own(channel: number, offset: number, position: number): void {
    this.#begin(Kind.own, 3 * NUMBER_SIZE);
    this.#number(channel);
    this.#number(offset);
    this.#number(position);
  }

  // --- logs that members keep for each other; what they mean is told in cluster/replica/held-logs.ts ---

  /**
   * A log that the sender holds and the receiver owns: when it was last complete, the offset after its last, and the
   * bytes it takes.
   */
  offer(channel: number, rank: RingVersion, epoch: Epoch, next: number, size: number): void {
    this.#begin(Kind.offer, 4 * NUMBER_SIZE);
    this.#number(channel);
    this.#version(rank);
    this.#epoch(epoch);
    this.#reserve(2 * NUMBER_SIZE);
    this.#number(next);
    this.#number(size);
  }

  /** The sender has offered all that it holds for the receiver under this ring. */
  done(): void {
    this.#begin(Kind.done, 0);
  }

  /** The owner wants a log that was offered. */
  pull(channel: number): void {
    this.#begin(Kind.pull, NUMBER_SIZE);
    this.#number(channel);
  }

  /** A whole log begins: `sequence` for each origin, `copy` for each message above `last`, and `end`. */
  log(channel: number, epoch: Epoch, last: number): void {
    this.#begin(Kind.log, 3 * NUMBER_SIZE);
    this.#number(channel);
    this.#epoch(epoch);
    this.#reserve(NUMBER_SIZE);
    this.#number(last);
  }

  /** The highest sequence of an origin in the log that arrives. */
  sequence(channel: number, origin: number, sequence: number): void {
    this.#begin(Kind.sequence, 3 * NUMBER_SIZE);
    this.#number(channel);
    this.#number(origin);
    this.#number(sequence);
  }

  /** A message in its place, for a log that arrives, or for a follower's. */
  copy(channel: number, offset: number, origin: number, sequence: number, bytes: Buffer): void {
    this.#begin(Kind.copy, 5 * NUMBER_SIZE + bytes.length);
    this.#number(channel);
    this.#number(offset);
    this.#number(origin);
    this.#number(sequence);
    this.#bytes(bytes);
  }

  /** The log that arrived is whole; the next message gets the offset `next`. */
  end(channel: number, next: number): void {
    this.#begin(Kind.end, 2 * NUMBER_SIZE);
    this.#number(channel);
    this.#number(next);
  }

  /** The log that the receiver holds, up to the offset before `next`, is the owner's: it goes on from there. */
  keep(channel: number, next: number): void {
    this.#begin(Kind.keep, 2 * NUMBER_SIZE);
    this.#number(channel);
    this.#number(next);
  }

  /** The follower may forget a log: nothing is left of it. */
  drop(channel: number): void {
    this.#begin(Kind.drop, NUMBER_SIZE);
    this.#number(channel);
  }

  /** Of `copy`, `end`, `keep` and `drop` that came on this connection, so many are held. */
  copied(count: number): void {
    this.#begin(Kind.copied, NUMBER_SIZE);
    this.#number(count);
  }

  /** The follower cannot go on from what it holds of a log: it needs the whole. */
  recopy(channel: number): void {
    this.#begin(Kind.recopy, NUMBER_SIZE);
    this.#number(channel);
  }

  /** All logs that the sender owns under this ring are at their followers. */
  settled(): void {
    this.#begin(Kind.settled, 0);
  }

  // --- canaries: they go the way of messages and are none; said only to who takes them, see `Hello` ---

  /** A worker wants to know of an owner whether what it publishes there is held twice. The answer repeats `number`. */
  canary(number: number): void {
    this.#begin(Kind.canary, NUMBER_SIZE);
    this.#number(number);
  }

  /** An owner sends a canary to a follower, behind all copies before it. Acknowledged by `copied`, as they are. */
  canaryCopy(): void {
    this.#begin(Kind.canaryCopy, 0);
  }

  /** The canary with this number is held by a follower. */
  canaryHeld(number: number): void {
    this.#begin(Kind.canaryHeld, NUMBER_SIZE);
    this.#number(number);
  }

  /** The canary with this number waits for another member, not for the sender. */
  canaryWaits(number: number): void {
    this.#begin(Kind.canaryWaits, NUMBER_SIZE);
    this.#number(number);
  }

  #begin(kind: number, size: number): void {
    if (this.#length >= FULL_SIZE) this.#onFull();
    if (this.#length === FRAME_ROOM) this.#onFirst();
    this.#reserve(size + 1);
    this.#buffer[this.#length] = kind;
    this.#length += 1;
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  #number(value: number): void {
    let rest = value;
    while (rest > 0x0fffffff) {
      this.#buffer[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.#buffer[this.#length++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#buffer[this.#length++] = rest;
  }

  #bytes(bytes: Buffer): void {
    this.#number(bytes.length);
    this.#length += bytes.copy(this.#buffer, this.#length);
    if (this.#length >= FULL_SIZE) this.#onFull();
  }

  #text(text: string): void {
    const length = Buffer.byteLength(text);
    this.#reserve(NUMBER_SIZE + length);
    this.#number(length);
    this.#length += this.#buffer.write(text, this.#length);
  }

  #version(version: RingVersion): void {
    this.#number(version.counter);
    this.#text(version.stateId);
    this.#reserve(4 * NUMBER_SIZE);
  }

  #epoch(epoch: Epoch): void {
    this.#version(epoch.ring);
    this.#number(epoch.count);
  }
}

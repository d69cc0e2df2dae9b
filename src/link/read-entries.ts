import type { Epoch, RingVersion } from "../pubsub/version.ts";
import { BadEntryError, GAPS, type GapReason } from "./entries.ts";
import { Kind } from "./kinds.ts";

/** Takes the entries of a frame, one call each, in order. `bytes` are a view into the frame: copy to keep. */
export interface EntryHandler {
  hello(json: string): void;
  ring(json: string): void;
  version(version: RingVersion): void;
  name(number: number, channel: string): void;
  origin(number: number, instanceId: string): void;
  beat(received: number): void;
  parts(count: number): void;
  publish(channel: number, sequence: number, bytes: Buffer): void;
  confirm(first: number, count: number): void;
  refuse(position: number, reason: string): void;
  subscribe(channel: number, ask: number, since: { epoch: Epoch; offset: number } | undefined): void;
  unsubscribe(channel: number): void;
  epoch(channel: number, epoch: Epoch): void;
  subscribed(channel: number, ask: number, stable: number, gap: GapReason): void;
  refuseSubscribe(channel: number, ask: number, reason: string): void;
  record(channel: number, offset: number, origin: number, sequence: number, bytes: Buffer): void;
  own(channel: number, offset: number, position: number): void;
  offer(channel: number, rank: RingVersion, epoch: Epoch, next: number, size: number): void;
  done(): void;
  pull(channel: number): void;
  log(channel: number, epoch: Epoch, last: number): void;
  sequence(channel: number, origin: number, sequence: number): void;
  copy(channel: number, offset: number, origin: number, sequence: number, bytes: Buffer): void;
  end(channel: number, next: number): void;
  keep(channel: number, next: number): void;
  drop(channel: number): void;
  copied(count: number): void;
  recopy(channel: number): void;
  settled(): void;
  allow(bytes: number): void;
  canary(number: number): void;
  canaryCopy(): void;
  canaryHeld(number: number): void;
  canaryWaits(number: number): void;
}

/**
 * Reads all entries of a frame.
 *
 * @throws {BadEntryError} if the frame is cut short, or holds what this version does not know; the handler
 *   has been given the entries before that
 */
export function readEntries(frame: Buffer, handler: EntryHandler): void {
  const reader = new Reader(frame);
  while (reader.more) readEntry(reader, handler);
}

function readEntry(r: Reader, handler: EntryHandler): void {
  const kind = r.byte();
  // Arguments are evaluated from left to right, in the order of the fields.
  switch (kind) {
    case Kind.publish:
      return handler.publish(r.number(), r.number(), r.bytes());
    case Kind.record:
      return handler.record(r.number(), r.number(), r.number(), r.number(), r.bytes());
    case Kind.own:
      return handler.own(r.number(), r.number(), r.number());
    case Kind.confirm:
      return handler.confirm(r.number(), r.number());
    case Kind.copy:
      return handler.copy(r.number(), r.number(), r.number(), r.number(), r.bytes());
    case Kind.copied:
      return handler.copied(r.number());
    case Kind.name:
      return handler.name(r.number(), r.channel());
    case Kind.origin:
      return handler.origin(r.number(), r.text());
    case Kind.beat:
      return handler.beat(r.number());
    case Kind.parts:
      return handler.parts(r.number());
    case Kind.subscribe:
      return handler.subscribe(r.number(), r.number(), r.number() === 0 ? undefined : r.position());
    case Kind.unsubscribe:
      return handler.unsubscribe(r.number());
    case Kind.epoch:
      return handler.epoch(r.number(), r.epoch());
    case Kind.subscribed:
      return handler.subscribed(r.number(), r.number(), r.number(), r.gap());
    default:
      return readRare(kind, r, handler);
  }
}

function readRare(kind: number, r: Reader, handler: EntryHandler): void {
  switch (kind) {
    case Kind.hello:
      return handler.hello(r.text());
    case Kind.ring:
      return handler.ring(r.text());
    case Kind.version:
      return handler.version(r.version());
    case Kind.refuse:
      return handler.refuse(r.number(), r.text());
    case Kind.refuseSubscribe:
      return handler.refuseSubscribe(r.number(), r.number(), r.text());
    case Kind.allow:
      return handler.allow(r.number());
    default:
      return readOfLogs(kind, r, handler);
  }
}

function readOfLogs(kind: number, r: Reader, handler: EntryHandler): void {
  switch (kind) {
    case Kind.offer:
      return handler.offer(r.number(), r.version(), r.epoch(), r.number(), r.number());
    case Kind.done:
      return handler.done();
    case Kind.pull:
      return handler.pull(r.number());
    case Kind.log:
      return handler.log(r.number(), r.epoch(), r.number());
    case Kind.sequence:
      return handler.sequence(r.number(), r.number(), r.number());
    case Kind.end:
      return handler.end(r.number(), r.number());
    case Kind.keep:
      return handler.keep(r.number(), r.number());
    case Kind.drop:
      return handler.drop(r.number());
    case Kind.recopy:
      return handler.recopy(r.number());
    case Kind.settled:
      return handler.settled();
    default:
      return readCanary(kind, r, handler);
  }
}

function readCanary(kind: number, r: Reader, handler: EntryHandler): void {
  switch (kind) {
    case Kind.canary:
      return handler.canary(r.number());
    case Kind.canaryCopy:
      return handler.canaryCopy();
    case Kind.canaryHeld:
      return handler.canaryHeld(r.number());
    case Kind.canaryWaits:
      return handler.canaryWaits(r.number());
    default:
      throw new BadEntryError(`there is no entry of kind ${kind}`);
  }
}

/** The version that was read last, by whatever link. */
let newest: RingVersion = { counter: 0, stateId: "" };

/** A cursor in a frame. Nothing it returns lies beyond the frame's end. */
class Reader {
  readonly #frame: Buffer;
  #at = 0;

  constructor(frame: Buffer) {
    this.#frame = frame;
  }

  get more(): boolean {
    return this.#at < this.#frame.length;
  }

  byte(): number {
    const byte = this.#frame[this.#at];
    if (byte === undefined) throw new BadEntryError("it is cut short");
    this.#at += 1;
    return byte;
  }

  number(): number {
    let byte = this.byte();
    if (byte < 128) return byte;
    let value = byte & 127;
    let scale = 128;
    do {
      byte = this.byte();
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte >= 128 && scale <= 2 ** 49);
    if (byte >= 128 || value > Number.MAX_SAFE_INTEGER) throw new BadEntryError("a number is too large");
    return value;
  }

  bytes(): Buffer {
    const start = this.#skip(this.number());
    return this.#frame.subarray(start, this.#at);
  }

  text(): string {
    const start = this.#skip(this.number());
    return this.#frame.toString("utf8", start, this.#at);
  }

  channel(): string {
    const name = parseJson(this.text());
    if (typeof name !== "string") throw new BadEntryError("a channel's name is no text");
    return name;
  }

  /** One object for as long as it is the same: there is one in each epoch, and an epoch for each channel. */
  version(): RingVersion {
    const [counter, stateId] = [this.number(), this.text()];
    if (counter !== newest.counter || stateId !== newest.stateId) newest = { counter, stateId };
    return newest;
  }

  epoch(): Epoch {
    return { ring: this.version(), count: this.number() };
  }

  position(): { epoch: Epoch; offset: number } {
    return { epoch: this.epoch(), offset: this.number() };
  }

  gap(): GapReason {
    const gap = GAPS[this.number()];
    if (gap === undefined) throw new BadEntryError("there is no such reason for a gap");
    return gap;
  }

  #skip(length: number): number {
    const start = this.#at;
    if (length > this.#frame.length - start) throw new BadEntryError("it is cut short");
    this.#at = start + length;
    return start;
  }
}

/** @throws {BadEntryError} if the text is no JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadEntryError((error as Error).message);
  }
}

import type { Socket } from "node:net";
import {
  canWriteDirectly,
  type DirectSocket,
  type DirectWriter,
  leftIn,
  writeDirectly,
} from "../../runtime/direct-write.ts";
import type { Turn } from "../../runtime/turn.ts";
import type { Counters } from "../counters.ts";
import type { HeldBytes } from "./held-bytes.ts";
import { packed, Untaken } from "./untaken.ts";

/**
 * What an outbox needs of the socket it writes to. One that has `once` is a socket of Node.js, and says when it
 * has got rid of what it was handed; one without, of a WebSocket engine of the application's own, is handed all.
 */
export type OutboxSocket = Pick<Socket, "write" | "cork" | "uncork" | "writable" | "writableLength">;

/**
 * Several Buffers up to this many bytes are copied into one: below it the copy costs less than to hand them to
 * the system one by one, and acknowledgements are short.
 */
const MAX_JOINED = 16_384;
/** A stream that still has this many bytes is handed nothing more: what it has cannot be taken back. */
const STREAM_BYTES = 16_384;

/** What waits to be written to one client's socket. */
export interface ClientOutbox {
  /** Bytes that the peer has not taken yet, here or in the socket. */
  readonly bufferedBytes: number;
  /** Takes a Buffer of whole frames, to be written when the turn ends. After `close` it does nothing. */
  push(frames: Buffer): void;
  /** The same for frames that are publications, and how many. */
  publish(frames: Buffer, publications: number): void;
  /** Writes now what waits. */
  flush(): void;
  /** Writes what waits, and takes nothing more. */
  close(): void;
  /** Forgets what waits, and takes nothing more. What the socket was handed it still has. */
  discard(): void;
  /** Forgets that, too: the socket is about to be destroyed. */
  forget(): void;
  /** Whether nothing waits, or the peer took something since this was asked last. */
  hasMoved(): boolean;
}

/** Who is told that an outbox overflowed. */
export interface OutboxOwner {
  /** The peer does not read: called once per write that would go beyond the limit; nothing was written. */
  overflowed(): void;
}

/**
 * Writes what a turn put into outboxes, when the turn ends. One for all connections, so that none of them
 * needs a task or a closure of its own.
 */
export class Writer {
  readonly maxBufferedBytes: number;
  readonly counters: Counters;
  /** What all outboxes hold together. */
  readonly held: HeldBytes;
  readonly #turn: Turn;
  #waiting: ClientOutbox[] = [];

  constructor(turn: Turn, counters: Counters, held: HeldBytes, maxBufferedBytes: number) {
    this.#turn = turn;
    this.counters = counters;
    this.held = held;
    this.maxBufferedBytes = maxBufferedBytes;
  }

  /** Flushes this outbox when the turn ends. */
  add(outbox: ClientOutbox): void {
    this.#waiting.push(outbox);
    if (this.#waiting.length === 1) this.#turn.write(this.#flushAll);
  }

  /** Writes at once what waits for the end of the turn. */
  flush(): void {
    this.#flushAll();
  }

  readonly #flushAll = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const outbox of waiting) outbox.flush();
  };
}

/**
 * What waits to be written to one client's socket: ready-made WebSocket frames, most of them shared with
 * other connections, hence never changed here. They go past `ws` to the socket itself, whole frames only,
 * so that the control frames `ws` writes come between them and not into them.
 *
 * A socket that holds something back is handed nothing more until it is free. What waits for that can be let go
 * of at once, and nobody copies what is shared.
 */
export class Outbox implements ClientOutbox, DirectWriter {
  readonly #owner: OutboxOwner;
  readonly #socket: OutboxSocket;
  readonly #writer: Writer;
  /** One frame waits far more often than several: it needs no array. */
  #first: Buffer | undefined;
  #rest: Buffer[] | undefined;
  #bytes = 0;
  /** Bytes of a write that was larger than the limit by itself, while they are unsent: it comes on top. */
  #large = 0;
  /** Bytes that were written directly and that the kernel has not taken yet. */
  #waiting = 0;
  readonly #direct: DirectSocket | undefined;
  #closed = false;
  /** Made when the socket holds something back for the first time, which most never do. */
  #slow: Untaken | undefined;

  constructor(owner: OutboxOwner, socket: OutboxSocket, writer: Writer) {
    this.#owner = owner;
    this.#socket = socket;
    this.#writer = writer;
    this.#direct = canWriteDirectly(socket) ? socket : undefined;
  }

  get bufferedBytes(): number {
    return this.#bytes + this.#unsent + (this.#slow?.bytes ?? 0);
  }

  /** Bytes that the socket was handed and has not got rid of. */
  get #unsent(): number {
    return this.#waiting + this.#socket.writableLength;
  }

  get #untaken(): Untaken {
    this.#slow ??= new Untaken(this.#writer.held, () => this.#drain());
    return this.#slow;
  }

  waiting(bytes: number): void {
    this.#waiting += bytes;
    if (bytes < 0) this.#slow?.taken();
  }

  push(frames: Buffer): void {
    if (this.#closed) return;
    if (this.#first === undefined) {
      this.#first = frames;
      this.#bytes = frames.length;
      this.#writer.add(this);
      return;
    }
    if (this.#rest === undefined) this.#rest = [frames];
    else this.#rest.push(frames);
    this.#bytes += frames.length;
    // A turn that writes without end must not gather without end.
    if (this.#bytes > this.#writer.maxBufferedBytes) this.flush();
  }

  publish(frames: Buffer): void {
    this.push(frames);
  }

  flush(): void {
    const first = this.#first;
    if (first === undefined) return;
    const rest = this.#rest;
    const bytes = this.#bytes;
    this.#first = undefined;
    this.#rest = undefined;
    this.#bytes = 0;
    if (this.#isTooMuch(bytes)) {
      this.#owner.overflowed();
      return;
    }
    if (this.#slow !== undefined && this.#isBehind(this.#slow)) wait(this.#slow, first, rest);
    else if (rest === undefined) this.#write(first);
    else if (bytes <= MAX_JOINED) this.#write(joined(first, rest, bytes));
    else this.#stream(packed(first, rest, MAX_JOINED), bytes);
  }

  close(): void {
    if (this.#closed) return;
    if (this.#socket.writable) {
      this.flush();
      this.#slow?.handAll(this.#socket);
    }
    this.discard();
  }

  discard(): void {
    this.#closed = true;
    this.#first = undefined;
    this.#rest = undefined;
    this.#bytes = 0;
    this.#slow?.clear();
  }

  forget(): void {
    this.discard();
    this.#slow?.forget();
  }

  hasMoved(): boolean {
    if (this.#unsent > 0) return this.#untaken.hasMoved(leftIn(this.#socket));
    this.#slow?.restart();
    return true;
  }

  /**
   * A single message may be larger than the limit, and whoever has just been sent it is not slow for that;
   * what makes a slow consumer is that what came before it, or after it, is still unsent.
   */
  #isTooMuch(bytes: number): boolean {
    const { maxBufferedBytes } = this.#writer;
    const unsent = this.#unsent + (this.#slow?.cost ?? 0);
    if (unsent <= maxBufferedBytes) this.#large = 0;
    if (unsent > 0 && unsent + bytes > maxBufferedBytes + this.#large) return true;
    if (this.#large === 0 && bytes > maxBufferedBytes) this.#large = bytes;
    return false;
  }

  /** Whether something has to go first. */
  #isBehind(slow: Untaken): boolean {
    return !slow.isEmpty || (slow.isHanded && this.#isFull);
  }

  get #isFull(): boolean {
    return this.#waiting > 0 || this.#socket.writableLength >= STREAM_BYTES;
  }

  /** Something was taken: goes on with what waits. */
  #drain(): void {
    const slow = this.#slow;
    while (slow !== undefined && !slow.isEmpty && !this.#isFull) {
      if (!this.#socket.writable) return slow.clear();
      const bytes = slow.shift(MAX_JOINED);
      if (bytes !== undefined) this.#write(bytes);
    }
  }

  #write(bytes: Buffer): void {
    if (this.#direct === undefined || !writeDirectly(this.#direct, bytes, this)) {
      this.#stream([bytes], bytes.length);
      return;
    }
    this.#count(bytes.length);
    if (this.#waiting > 0) this.#untaken.hand(bytes);
  }

  #stream(pieces: readonly Buffer[], bytes: number): void {
    const socket = this.#socket;
    this.#count(bytes);
    if (pieces.length > 1) socket.cork();
    if ("once" in socket) for (const piece of pieces) this.#untaken.handTo(socket, piece);
    else for (const piece of pieces) socket.write(piece);
    if (pieces.length > 1) socket.uncork();
  }

  #count(bytes: number): void {
    const { counters } = this.#writer;
    counters.writes += 1;
    counters.bytesOut += bytes;
  }
}

function wait(untaken: Untaken, first: Buffer, rest: readonly Buffer[] | undefined): void {
  if (rest === undefined) untaken.push(first);
  else for (const piece of packed(first, rest, MAX_JOINED)) untaken.push(piece);
}

function joined(first: Buffer, rest: readonly Buffer[], length: number): Buffer {
  const all = Buffer.allocUnsafe(length);
  let at = first.copy(all);
  for (const frames of rest) at += frames.copy(all, at);
  return all;
}

import type { Socket } from "node:net";
import {
  canWriteDirectly,
  type DirectSocket,
  type DirectWriter,
  writeDirectly,
} from "../runtime/direct-write.ts";
import type { Turn } from "../runtime/turn.ts";
import type { Counters } from "./counters.ts";

/** What an outbox needs of the socket it writes to. */
export type OutboxSocket = Pick<Socket, "write" | "cork" | "uncork" | "writable" | "writableLength">;

/**
 * Several Buffers up to this many bytes are copied into one: below it the copy costs less than to hand them to
 * the system one by one, and acknowledgements are short.
 */
const MAX_JOINED = 16_384;
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
  /** Forgets what waits, and takes nothing more. */
  discard(): void;
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
  readonly #turn: Turn;
  #waiting: ClientOutbox[] = [];

  constructor(turn: Turn, counters: Counters, maxBufferedBytes: number) {
    this.#turn = turn;
    this.counters = counters;
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

  constructor(owner: OutboxOwner, socket: OutboxSocket, writer: Writer) {
    this.#owner = owner;
    this.#socket = socket;
    this.#writer = writer;
    this.#direct = canWriteDirectly(socket) ? socket : undefined;
  }

  get bufferedBytes(): number {
    return this.#bytes + this.#unsent;
  }

  get #unsent(): number {
    return this.#waiting + this.#socket.writableLength;
  }

  waiting(bytes: number): void {
    this.#waiting += bytes;
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
    const socket = this.#socket;
    const { counters, maxBufferedBytes } = this.#writer;
    // A single message may be larger than the limit, and whoever has just been sent it is not slow for that;
    // what makes a slow consumer is that what came before it, or after it, is still unsent.
    const unsent = this.#unsent;
    if (unsent <= maxBufferedBytes) this.#large = 0;
    const overflow = unsent > 0 && unsent + this.#bytes > maxBufferedBytes + this.#large;
    this.#first = undefined;
    this.#rest = undefined;
    if (overflow) {
      this.#bytes = 0;
      this.#owner.overflowed();
      return;
    }
    if (this.#large === 0 && this.#bytes > maxBufferedBytes) this.#large = this.#bytes;
    counters.writes += 1;
    counters.bytesOut += this.#bytes;
    this.#bytes = 0;
    if (rest === undefined) this.#write(first);
    else if (bytes <= MAX_JOINED) this.#write(joined(first, rest, bytes));
    else {
      socket.cork();
      socket.write(first);
      for (const frames of rest) socket.write(frames);
      socket.uncork();
    }
  }

  #write(bytes: Buffer): void {
    if (this.#direct !== undefined && writeDirectly(this.#direct, bytes, this)) return;
    this.#socket.write(bytes);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#socket.writable) this.flush();
    this.discard();
  }

  discard(): void {
    this.#closed = true;
    this.#first = undefined;
    this.#rest = undefined;
    this.#bytes = 0;
  }
}

function joined(first: Buffer, rest: readonly Buffer[], length: number): Buffer {
  const all = Buffer.allocUnsafe(length);
  let at = first.copy(all);
  for (const frames of rest) at += frames.copy(all, at);
  return all;
}

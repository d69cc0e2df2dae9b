import type { Socket } from "node:net";
import { ENTRY_BYTES, type HeldBytes } from "./held-bytes.ts";

/** Pieces shorter than this are copied together where they wait: a Buffer of its own costs more than the copy. */
const SHORT = 1_024;

/**
 * What one client has not taken: pieces that its socket was handed, and behind them those that wait for the
 * socket to be free. Only the latter can be taken back. A connection has one once its socket held something back.
 */
export class Untaken {
  readonly #held: HeldBytes;
  readonly #moved: () => void;
  #handed: Buffer[] = [];
  #queue: Buffer[] = [];
  #head = 0;
  #bytes = 0;
  /** How often something was taken, and the bytes that the socket still had, when it was asked last. */
  #taken = 0;
  #seenTaken = -1;
  #seenLeft = -1;

  /** @param moved called whenever the socket has got rid of something */
  constructor(held: HeldBytes, moved: () => void) {
    this.#held = held;
    this.#moved = moved;
  }

  /** Bytes that wait for the socket to be free. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The same, with what keeping them costs. */
  get cost(): number {
    return this.#bytes + ENTRY_BYTES * this.#count;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Whether the socket may still have something that it was handed. */
  get isHanded(): boolean {
    return this.#handed.length > 0;
  }

  get #count(): number {
    return this.#queue.length - this.#head;
  }

  /** Notes what the socket was handed past its stream: `taken` is to be called. */
  hand(piece: Buffer): void {
    this.#handed.push(piece);
    this.#held.hold(piece);
  }

  /** @returns whether the socket wants more, as `write` does */
  handTo(socket: Pick<Socket, "write">, piece: Buffer): boolean {
    this.hand(piece);
    return socket.write(piece, this.taken);
  }

  /** Hands over all that waits, whether or not the socket is free. */
  handAll(socket: Pick<Socket, "write" | "cork" | "uncork">): void {
    const waiting = this.#queue.slice(this.#head);
    socket.cork();
    for (const piece of waiting) this.handTo(socket, piece);
    socket.uncork();
    this.clear();
  }

  /** The socket has got rid of the oldest piece that it had. */
  readonly taken = (): void => {
    this.#taken += 1;
    const piece = this.#handed.shift();
    if (piece !== undefined) this.#held.release(piece);
    this.#moved();
  };

  /** To be handed to the socket later, in the order of the calls. */
  push(piece: Buffer): void {
    this.#queue.push(piece);
    this.#bytes += piece.length;
    this.#held.hold(piece);
  }

  /** The oldest that waits: one piece, or as many short ones as `most` bytes are, in one Buffer. */
  shift(most: number): Buffer | undefined {
    let end = this.#head;
    let length = 0;
    for (; end < this.#queue.length; end += 1) {
      const next = this.#queue[end]?.length ?? 0;
      if (end > this.#head && length + next > most) break;
      length += next;
    }
    const pieces = this.#queue.slice(this.#head, end);
    this.#head = end;
    this.#bytes -= length;
    for (const piece of pieces) this.#held.release(piece);
    if (this.#count === 0) this.#reset();
    // The part that is gone is let go of only now and then: each time would cost as much as the rest is long.
    else if (this.#head > this.#count) this.#tidy();
    return pieces.length > 1 ? Buffer.concat(pieces, length) : pieces[0];
  }

  /** Forgets what waits for the socket to be free. */
  clear(): void {
    for (let at = this.#head; at < this.#queue.length; at += 1) {
      const piece = this.#queue[at];
      if (piece !== undefined) this.#held.release(piece);
    }
    this.#bytes = 0;
    this.#reset();
  }

  /** Forgets that, and what the socket was handed: it is about to be destroyed. */
  forget(): void {
    this.clear();
    for (const piece of this.#handed) this.#held.release(piece);
    this.#handed = [];
  }

  /**
   * Whether the client took something since this was asked last.
   *
   * @param left bytes that the socket has not got rid of
   */
  hasMoved(left: number): boolean {
    // It may have grown: the application writes to sockets, too.
    const moved = this.#taken !== this.#seenTaken || left < this.#seenLeft;
    this.#seenTaken = this.#taken;
    this.#seenLeft = left;
    return moved;
  }

  /** The socket has nothing: whatever waits next has only just begun to. */
  restart(): void {
    this.#seenTaken = -1;
  }

  #tidy(): void {
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }

  #reset(): void {
    this.#queue = [];
    this.#head = 0;
  }
}

/** The same bytes in fewer Buffers of at most `most` bytes: runs of short pieces are copied, others stay as they are. */
export function packed(first: Buffer, rest: readonly Buffer[], most: number): Buffer[] {
  const all: Buffer[] = [];
  let run: Buffer[] = [];
  let length = 0;
  const end = (): void => {
    if (run.length > 0) all.push(run.length > 1 ? Buffer.concat(run, length) : (run[0] as Buffer));
    run = [];
    length = 0;
  };
  for (let i = -1; i < rest.length; i += 1) {
    const piece = i < 0 ? first : (rest[i] as Buffer);
    const isShort = piece.length < SHORT;
    if (!isShort || length + piece.length > most) end();
    if (isShort) {
      run.push(piece);
      length += piece.length;
    } else all.push(piece);
  }
  end();
  return all;
}

import type { Socket } from "node:net";
import { leftIn } from "../../runtime/direct-write.ts";
import type { ServerOptions } from "../options.ts";
import { type ClientOutbox, Outbox, type OutboxOwner, type OutboxSocket, type Writer } from "./outbox.ts";
import { Untaken } from "./untaken.ts";

/** A socket that says when it has got rid of what it holds. */
export type DrainingSocket = OutboxSocket & Pick<Socket, "once" | "writableNeedDrain">;

/** What is written or dropped as a whole: frames, and how many publications they are. */
interface Unit {
  readonly frames: Buffer;
  /** 0 for what must not be dropped. */
  readonly publications: number;
  /** Whether it counts for what all outboxes hold together: once it had to wait. */
  isHeld: boolean;
}

/** An outbox as the policy asks for it. Of a WebSocket engine of the application's own nothing is dropped. */
export function outboxFor(
  owner: OutboxOwner,
  socket: OutboxSocket | DrainingSocket,
  writer: Writer,
  policy: ServerOptions["slowConsumerPolicy"],
): ClientOutbox {
  return policy === "dropOldest" && "once" in socket
    ? new LossyOutbox(owner, socket, writer)
    : new Outbox(owner, socket, writer);
}

/** Dropped units that may stand in the queue before it is tidied up. */
const HOLES = 64;

/**
 * An outbox for clients that would rather miss publications than the connection: what a slow one has not taken
 * waits here, and the oldest publications of it are dropped when it is too much. The newest stays, and so does
 * everything that is no publication; of that alone a client must take enough, or it is a slow consumer.
 *
 * A socket that holds something back is handed nothing more, since what it was handed cannot be taken back.
 * One that does not is written to just as by `Outbox`.
 */
export class LossyOutbox implements ClientOutbox {
  readonly #owner: OutboxOwner;
  readonly #socket: DrainingSocket;
  readonly #writer: Writer;
  /** Oldest first, from `#head` on; nothing where one was dropped. */
  #units: (Unit | undefined)[] = [];
  #head = 0;
  #count = 0;
  /** Before it stands nothing that could be dropped. */
  #oldest = 0;
  #bytes = 0;
  /** Bytes of what must not be dropped. */
  #kept = 0;
  /** From here on nothing is held yet. */
  #fresh = 0;
  /** What the socket was handed. */
  readonly #untaken: Untaken;
  #due = false;
  #draining = false;
  #closed = false;

  constructor(owner: OutboxOwner, socket: DrainingSocket, writer: Writer) {
    this.#owner = owner;
    this.#socket = socket;
    this.#writer = writer;
    this.#untaken = new Untaken(writer.held, () => {});
  }

  get bufferedBytes(): number {
    return this.#bytes + this.#socket.writableLength;
  }

  push(frames: Buffer): void {
    this.#add({ frames, publications: 0, isHeld: false });
  }

  publish(frames: Buffer, publications: number): void {
    this.#add({ frames, publications, isHeld: false });
  }

  flush(): void {
    this.#due = false;
    this.#write(false);
    if (this.#count === 0) return;
    this.#makeRoom();
    this.#hold();
    if (this.#draining || this.#closed) return;
    this.#draining = true;
    this.#socket.once("drain", this.#drained);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#socket.writable) this.#write(true);
    this.discard();
  }

  discard(): void {
    this.#closed = true;
    for (const unit of this.#units) if (unit !== undefined) this.#remove(unit);
    this.#reset();
  }

  forget(): void {
    this.discard();
    this.#untaken.forget();
  }

  hasMoved(): boolean {
    if (this.#socket.writableLength > 0) return this.#untaken.hasMoved(leftIn(this.#socket));
    this.#untaken.restart();
    return true;
  }

  #add(unit: Unit): void {
    if (this.#closed) return;
    this.#units.push(unit);
    this.#count += 1;
    this.#bytes += unit.frames.length;
    if (unit.publications === 0) this.#kept += unit.frames.length;
    if (this.#draining) this.#hold();
    if (this.bufferedBytes > this.#writer.maxBufferedBytes) this.flush();
    else if (!this.#due && !this.#draining) {
      this.#due = true;
      this.#writer.add(this);
    }
  }

  readonly #drained = (): void => {
    this.#draining = false;
    if (!this.#closed) this.flush();
  };

  /** Hands the socket what waits, as long as it takes it at once. @param all whether or not it does */
  #write(all: boolean): void {
    const socket = this.#socket;
    const { counters } = this.#writer;
    if (this.#count === 0 || (socket.writableNeedDrain && !all)) return;
    counters.writes += 1;
    socket.cork();
    for (let takes = true; this.#count > 0 && (takes || all); ) {
      const unit = this.#units[this.#head];
      this.#units[this.#head] = undefined;
      this.#head += 1;
      if (unit === undefined) continue;
      this.#remove(unit);
      counters.bytesOut += unit.frames.length;
      takes = this.#untaken.handTo(socket, unit.frames);
    }
    socket.uncork();
    if (this.#count === 0) this.#reset();
  }

  /** Drops the oldest publications until no more than the limit is unsent, but not the newest unit. */
  #makeRoom(): void {
    const { maxBufferedBytes, counters } = this.#writer;
    this.#oldest = Math.max(this.#oldest, this.#head);
    const newest = this.#units.length - 1;
    for (; this.bufferedBytes > maxBufferedBytes && this.#oldest < newest; this.#oldest += 1) {
      const unit = this.#units[this.#oldest];
      if (unit === undefined || unit.publications === 0) continue;
      this.#units[this.#oldest] = undefined;
      this.#remove(unit);
      counters.droppedPublications += unit.publications;
    }
    if (this.#kept > maxBufferedBytes) {
      this.discard();
      this.#owner.overflowed();
    } else if (this.#units.length > 2 * this.#count + HOLES) this.#tidy();
  }

  /** What is left waits. */
  #hold(): void {
    for (; this.#fresh < this.#units.length; this.#fresh += 1) {
      const unit = this.#units[this.#fresh];
      if (unit === undefined) continue;
      unit.isHeld = true;
      this.#writer.held.hold(unit.frames);
    }
  }

  #remove(unit: Unit): void {
    if (unit.isHeld) this.#writer.held.release(unit.frames);
    this.#count -= 1;
    this.#bytes -= unit.frames.length;
    if (unit.publications === 0) this.#kept -= unit.frames.length;
  }

  #tidy(): void {
    const waiting = this.#units.slice(this.#head).filter((unit) => unit !== undefined);
    this.#reset();
    this.#units = waiting;
    this.#count = waiting.length;
    this.#fresh = waiting.findLastIndex((unit) => unit.isHeld) + 1;
  }

  #reset(): void {
    this.#units = [];
    this.#head = 0;
    this.#oldest = 0;
    this.#fresh = 0;
    this.#count = 0;
  }
}

import { type Pending, sizeOf } from "./pending.ts";

/** What publishes go out by: a connection to whoever confirms them. */
export interface PublishPort {
  /** Bytes that may be unconfirmed on it at a time; one message always fits. */
  readonly window: number;
  send(pending: Pending): void;
}

/** What may wait behind a full window, as a multiple of it. */
const WAITING = 1;
/** How much of the window must be free before those who were held back go on: half of it. */
const FREE = 2;

/**
 * The publishes to one owner that are not confirmed: as many as fit in a window of bytes are sent, the others
 * wait in their order, within a bound. What waits here holds up nothing that goes to another owner.
 *
 *     sent, unconfirmed (up to the window) | waiting (up to a window more) | refused
 *
 * Pure: it knows no time, and is told when there is a new connection.
 */
export class PublishWindow {
  readonly #port: () => PublishPort | undefined;
  readonly #resent: () => void;
  /** What the own settings allow here, bytes. */
  #share: number;
  #bytes = 0;
  #inFlight = 0;
  #waiting: Pending[] = [];
  /** Everything before this index was taken out. */
  #start = 0;
  #room: Promise<void> | undefined;
  #makeRoom: (() => void) | undefined;

  /**
   * @param share bytes that may be unconfirmed here as far as the own settings go; the port may allow less
   * @param port the connection, while there is one
   * @param resent called when a publish is sent that was sent before
   */
  constructor(share: number, port: () => PublishPort | undefined, resent: () => void) {
    this.#share = share;
    this.#port = port;
    this.#resent = resent;
  }

  /** Bytes of what is sent and of what waits. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that may be unconfirmed at a time. */
  get limit(): number {
    return Math.min(this.#share, this.#port()?.window ?? Infinity);
  }

  set share(bytes: number) {
    this.#share = bytes;
  }

  /** Whether there is a place for one more of this size, be it only to wait. */
  takes(size: number): boolean {
    return this.#bytes === 0 || this.#bytes + size <= (1 + WAITING) * this.limit;
  }

  /** Sends it, or lets it wait for its turn. @returns what to wait for before anything more is published */
  add(pending: Pending): Promise<void> | undefined {
    const isFull = this.#bytes > 0 && this.#bytes + sizeOf(pending.publication) > this.limit;
    this.again(pending);
    return isFull ? this.room : undefined;
  }

  /** Resolves once much of the window is free again; one promise for all who wait. */
  get room(): Promise<void> {
    this.#room ??= new Promise((resolve) => {
      this.#makeRoom = resolve;
    });
    return this.#room;
  }

  /** It was confirmed, or is given up: what waits behind it may go out. */
  remove(pending: Pending): void {
    if (pending.window !== this) return;
    const size = sizeOf(pending.publication);
    pending.window = undefined;
    this.#bytes -= size;
    if (pending.inFlight) this.#inFlight -= size;
    pending.inFlight = false;
    if (this.#waiting.length > 0) this.#sendWaiting();
    this.review();
  }

  /** What was sent before counts no more, and what waits is forgotten: all that is unconfirmed is given again. */
  restart(): void {
    this.#bytes = 0;
    this.#inFlight = 0;
    this.#waiting = [];
    this.#start = 0;
  }

  /** Sends a publish anew, or lets it wait, after a restart. */
  again(pending: Pending): void {
    pending.window = this;
    pending.inFlight = false;
    const size = sizeOf(pending.publication);
    this.#bytes += size;
    const port = this.#port();
    if (port === undefined || this.#waiting.length > 0 || !this.#fits(size)) this.#waiting.push(pending);
    else this.#send(port, pending, size);
  }

  /** The port allows more than before. */
  widened(): void {
    this.#sendWaiting();
    this.review();
  }

  /** Lets those who wait for room go on, if there is some. */
  review(): void {
    if (this.#makeRoom === undefined || this.#bytes > this.limit / FREE) return;
    this.#makeRoom();
    this.#makeRoom = undefined;
    this.#room = undefined;
  }

  #fits(size: number): boolean {
    return this.#inFlight === 0 || this.#inFlight + size <= this.limit;
  }

  #send(port: PublishPort, pending: Pending, size: number): void {
    pending.inFlight = true;
    this.#inFlight += size;
    if (pending.sent > 0) this.#resent();
    port.send(pending);
  }

  #sendWaiting(): void {
    const port = this.#port();
    for (; this.#start < this.#waiting.length; this.#start += 1) {
      const pending = this.#waiting[this.#start];
      // It was given up while it waited, or confirmed by a connection before this one.
      if (pending?.window !== this) continue;
      const size = sizeOf(pending.publication);
      if (port === undefined || !this.#fits(size)) break;
      this.#send(port, pending, size);
    }
    // Only when half of the array is gone is the rest moved: once per publish on average.
    if (this.#start * 2 < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#start);
    this.#start = 0;
  }
}

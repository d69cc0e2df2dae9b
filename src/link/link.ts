import type { WebSocket } from "ws";
import type { Clock, Timer } from "../runtime/clock.ts";
import type { Turn } from "../runtime/turn.ts";
import { BadEntryError, EntryWriter } from "./entries.ts";
import { BEAT_MS, Pulse } from "./pulse.ts";
import { type EntryHandler, readEntries } from "./read-entries.ts";

/** What the logic sees of a link: something to write entries to, and to end. */
export interface LinkHandle {
  /** Whatever is written goes out when the turn ends, in one frame. */
  readonly entries: EntryWriter;
  /** The other side says how many frames it has received. */
  acknowledged(received: number): void;
  /** Ends the connection; `closed` is called with this reason. */
  close(reason: string): void;
}

/** A link that somebody made and nobody handles yet. */
export interface NewLink extends LinkHandle {
  /** Says who handles what comes; to be called in the turn that the link was made in. */
  start(events: LinkEvents): void;
}

export interface LinkOptions {
  readonly turn: Turn;
  readonly clock: Clock;
  /** Unsent bytes past which the link is closed: it must not slow others down, and resumes. */
  readonly maxBufferedBytes: number;
}

/** What a link does for its owner. `closed` is called once, and nothing after it. */
export interface LinkEvents {
  readonly handler: EntryHandler;
  closed(reason: string): void;
}

/**
 * A lasting connection between two processes of a cluster, while it lasts: frames of entries both ways,
 * signs of life every half second, and an end as soon as the other side is silent.
 * Making a new connection is the business of whoever dialled.
 */
export class Link implements NewLink {
  readonly entries: EntryWriter;
  readonly #socket: WebSocket;
  readonly #options: LinkOptions;
  readonly #pulse = new Pulse();
  readonly #beats: Timer;
  #events: LinkEvents | undefined;
  #received = 0;

  constructor(socket: WebSocket, options: LinkOptions) {
    this.#socket = socket;
    this.#options = options;
    this.entries = new EntryWriter(() => options.turn.write(this.#flush), this.#flush);
    this.#beats = options.clock.every(BEAT_MS, () => this.#beat());
    socket.on("message", (frame: Buffer) => this.#read(frame));
    socket.on("close", (code, reason) => this.#end(reason.toString() || `closed with code ${code}`));
    // An error is always followed by "close", which says enough.
    socket.on("error", (error) => this.#end(error.message));
  }

  start(events: LinkEvents): void {
    this.#events = events;
  }

  acknowledged(received: number): void {
    this.#pulse.acknowledged(received);
  }

  close(reason: string): void {
    if (this.#events === undefined) return;
    this.#flush();
    // A close frame takes its turn behind what was written; whoever does not answer it is cut off by ws.
    this.#socket.close(1000, reason.slice(0, 100));
    this.#end(reason);
  }

  #end(reason: string): void {
    const events = this.#events;
    if (events === undefined) return;
    this.#events = undefined;
    this.#beats.cancel();
    events.closed(reason);
  }

  #cut(reason: string): void {
    this.#socket.terminate();
    this.#end(reason);
  }

  #read(frame: Buffer): void {
    if (this.#events === undefined) return;
    this.#received += 1;
    this.#pulse.heard();
    try {
      readEntries(frame, this.#events.handler);
    } catch (error) {
      if (!(error instanceof BadEntryError)) throw error;
      this.#cut(error.message);
    }
  }

  #beat(): void {
    if (!this.#pulse.beat()) this.#cut("silent");
    else this.entries.beat(this.#received);
  }

  readonly #flush = (): void => {
    if (this.#events === undefined || this.entries.length === 0) return;
    this.#socket.send(this.entries.take(), BINARY);
    if (this.#socket.bufferedAmount > this.#options.maxBufferedBytes) this.#cut("too slow");
  };
}

const BINARY = { binary: true, compress: false };

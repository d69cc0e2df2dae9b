import type { Clock } from "../runtime/clock.ts";
import type { Turn } from "../runtime/turn.ts";
import { BadEntryError, EntryWriter } from "./entries.ts";
import { Kind } from "./kinds.ts";
import { Pulse } from "./pulse.ts";
import { type EntryHandler, readEntries } from "./read-entries.ts";
import { linkTraffic } from "./traffic.ts";
import { Wire, type WireSocket } from "./wire.ts";

/** What the logic sees of a link: something to write entries to, and to end. */
export interface LinkHandle {
  /** Whatever is written goes out when the turn ends, in one frame. */
  readonly entries: EntryWriter;
  /** Grows with each part of a large frame, whoever sends it: nothing else can pass until all of it has come. */
  readonly partCount: number;
  /** The other side says how many frames it has received. */
  acknowledged(received: number): void;
  /** The other side says how many parts of large frames it has received. */
  partsAcknowledged(count: number): void;
  /** The other side knows what parts are. */
  saysParts(): void;
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
 * A lasting connection between two processes of a cluster, while it lasts: entries both ways, gathered into
 * one frame a turn. Making a new connection is the business of whoever dialled.
 */
export class Link implements NewLink {
  readonly entries: EntryWriter;
  readonly #wire: Wire;
  readonly #maxBufferedBytes: number;
  readonly #pulse = new Pulse();
  #events: LinkEvents | undefined;
  #received = 0;
  /** Parts of our own frames that the other side has received. */
  #partsTaken = 0;
  #tellsParts = false;
  /** Parts that the other side was told of. */
  #partsTold = 0;
  constructor(socket: WireSocket, { turn, clock, maxBufferedBytes }: LinkOptions) {
    this.#maxBufferedBytes = maxBufferedBytes;
    this.entries = new EntryWriter(() => turn.write(this.#flush), this.#flush);
    this.#wire = new Wire(socket, clock, this.#pulse, {
      read: (frame) => this.#read(frame),
      beat: () => this.#beat(),
      flush: this.#flush,
    });
  }

  start(events: LinkEvents): void {
    this.#events = events;
    this.#wire.start((reason) => events.closed(reason));
  }

  get partCount(): number {
    return this.#wire.parts + this.#partsTaken;
  }

  partsAcknowledged(count: number): void {
    this.#partsTaken = count;
    this.#pulse.partAcknowledged();
  }

  saysParts(): void {
    this.#tellsParts = true;
  }

  acknowledged(received: number): void {
    this.#pulse.acknowledged(received);
  }

  close(reason: string): void {
    this.#wire.close(reason);
  }

  #beat(): void {
    this.entries.beat(this.#received);
    const { parts } = this.#wire;
    if (!this.#tellsParts || parts === this.#partsTold) return;
    this.#partsTold = parts;
    this.entries.parts(parts);
  }

  #read(frame: Buffer): void {
    this.#received += 1;
    linkTraffic.framesIn += 1;
    linkTraffic.bytesIn += frame.length;
    if (this.#received === 1 && frame[0] !== Kind.hello) {
      this.#wire.cut("the first that is said on a link must be hello");
      return;
    }
    try {
      if (this.#events) readEntries(frame, this.#events.handler);
    } catch (error) {
      if (!(error instanceof BadEntryError)) throw error;
      this.#wire.cut(error.message);
    }
  }

  /** At the end of a turn, where nobody else is to suffer from what goes wrong with this link. */
  readonly #flush = (): void => {
    try {
      this.#send();
    } catch (error) {
      this.#wire.fail(error);
    }
  };

  #send(): void {
    if (this.entries.length === 0) return;
    linkTraffic.framesOut += 1;
    linkTraffic.bytesOut += this.entries.length;
    // What is written to a link that has ended goes nowhere.
    const isKept = this.#wire.send(this.entries.written);
    this.entries.taken(isKept);
    if (this.#wire.bufferedBytes <= this.#maxBufferedBytes) return;
    linkTraffic.tooSlow += 1;
    this.#wire.cut("too slow");
  }
}

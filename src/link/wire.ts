import { FRAME_ROOM } from "../protocol/frames.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import { FAULT, faults } from "../runtime/contain.ts";
import type { MemberSocketUser } from "./member-socket.ts";
import { BEAT_MS, type Pulse, SILENT } from "./pulse.ts";

const GOODBYE_MS = 1000;

/** What a wire runs over: a `MemberSocket`, or one that exists in memory only. */
export interface WireSocket {
  /** Bytes handed over that have not been sent yet. */
  readonly bufferedBytes: number;
  /** Starts to read. What came before waits until then. */
  start(user: MemberSocketUser): void;
  /** See `MemberSocket.send`. */
  send(room: Buffer): boolean;
  /** Says goodbye behind what was sent, and ends. */
  close(reason: string): void;
  /** Cuts the connection. */
  terminate(): void;
}

/** What runs over a wire. */
export interface WireUser {
  read(frame: Buffer): void;
  /** Half a second has passed: something must be sent, as a sign of life. */
  beat(): void;
  /** Something is to be sent before the wire is closed. */
  flush?(): void;
}

/**
 * A connection between two processes of the cluster, with a sign of life every half second both ways. It ends
 * once, whoever ended it: this side, the other side, the network, or silence.
 */
export class Wire {
  readonly #socket: WireSocket;
  readonly #clock: Clock;
  readonly #user: WireUser;
  readonly #pulse: Pulse;
  readonly #beats: Timer;
  #closed: ((reason: string) => void) | undefined;
  #parts = 0;

  constructor(socket: WireSocket, clock: Clock, pulse: Pulse, user: WireUser) {
    this.#socket = socket;
    this.#clock = clock;
    this.#user = user;
    this.#pulse = pulse;
    this.#beats = clock.every(BEAT_MS, () => this.#beat());
    socket.start({
      read: (message) => this.#read(message),
      readPart: () => this.#readPart(),
      closed: (reason) => this.#end(reason),
    });
  }

  get isOpen(): boolean {
    return this.#closed !== undefined;
  }

  /** Grows with each part of frames that come in parts. */
  get parts(): number {
    return this.#parts;
  }

  /** Bytes handed to the socket that it has not sent yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedBytes;
  }

  /** Opens for use. @param closed called once, and nothing after it */
  start(closed: (reason: string) => void): void {
    this.#closed = closed;
  }

  /** See `MemberSocket.send`. */
  send(room: Buffer): boolean {
    return this.isOpen && this.#socket.send(room);
  }

  sendText(text: string): void {
    const length = Buffer.byteLength(text);
    const room = Buffer.allocUnsafe(FRAME_ROOM + length);
    room.write(text, FRAME_ROOM);
    this.send(room);
  }

  /** Says goodbye behind what was sent; whoever does not answer it is cut off. */
  close(reason: string): void {
    if (!this.isOpen) return;
    this.#user.flush?.();
    // Whoever does not answer a goodbye must not keep this process from stopping.
    this.#clock.after(GOODBYE_MS, () => this.#socket.terminate());
    this.#socket.close(reason);
  }

  /** Ends without goodbye. */
  cut(reason: string): void {
    this.#end(reason);
    this.#socket.terminate();
  }

  /** Ends it because of what went wrong here on its behalf, when nobody who reads from it is there to catch that. */
  fail(error: unknown): void {
    faults.contain("member", error);
    this.cut(FAULT);
  }

  #end(reason: string): void {
    const closed = this.#closed;
    this.#closed = undefined;
    this.#beats.cancel();
    closed?.(reason);
  }

  #read(frame: Buffer): void {
    if (!this.isOpen) return;
    this.#pulse.heard();
    this.#user.read(frame);
  }

  /** A frame that takes long, because it is large or the network slow, is no silence. */
  #readPart(): void {
    this.#parts += 1;
    this.#pulse.heardPart();
  }

  #beat(): void {
    try {
      if (this.#pulse.beat()) this.#user.beat();
      else this.cut(SILENT);
    } catch (error) {
      this.fail(error);
    }
  }
}

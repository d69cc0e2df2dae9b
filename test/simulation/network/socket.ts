import type { MemberSocketUser } from "../../../src/link/member-socket.ts";
import type { WireSocket } from "../../../src/link/wire.ts";
import { FRAME_ROOM } from "../../../src/protocol/frames.ts";
import type { Process } from "../process.ts";
import type { Pipe } from "./pipe.ts";

/** The reason that a real socket gives when its connection is gone without a goodbye. */
export const BROKEN = "the connection broke";

/** Sees what goes out on a socket, before it is on its way. */
export type Tap = (frame: Buffer) => void;

/**
 * One end of a virtual connection, as `MemberSocket` is one of a real one: what is sent is copied, a goodbye
 * stands behind what was sent, and the user is told once of the end.
 */
export class VirtualSocket implements WireSocket {
  readonly process: Process;
  readonly #out: Pipe;
  readonly #tap: Tap | undefined;
  #other: VirtualSocket | undefined;
  #user: MemberSocketUser | undefined;
  #early: Buffer[] = [];
  #hasEnded = false;
  #unusedEnd: ((reason: string) => void) | undefined;

  constructor(process: Process, out: Pipe, tap: Tap | undefined) {
    this.process = process;
    this.#out = out;
    this.#tap = tap;
  }

  static join(a: VirtualSocket, b: VirtualSocket): void {
    a.#other = b;
    b.#other = a;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get bufferedBytes(): number {
    return this.#out.bufferedBytes;
  }

  start(user: MemberSocketUser): void {
    this.#user = user;
    if (this.#hasEnded) return user.closed(BROKEN);
    for (const frame of this.#early.splice(0)) user.read(frame);
  }

  send(room: Buffer): boolean {
    if (this.#hasEnded) return false;
    // A room is used again as soon as it was taken.
    const frame = Buffer.from(room.subarray(FRAME_ROOM));
    this.#tap?.(frame);
    const other = this.#other;
    this.#out.send({ bytes: frame.length, arrive: () => other?.receive(frame) });
    return false;
  }

  /** Whom to tell of an end that comes before anybody uses it: hands were not shaken yet. */
  onUnusedEnd(ended: (reason: string) => void): void {
    this.#unusedEnd = ended;
  }

  close(reason: string): void {
    if (this.#hasEnded) return;
    const other = this.#other;
    this.#out.send({ bytes: 0, arrive: () => other?.end(reason) });
    this.end(reason);
  }

  terminate(): void {
    const other = this.#other;
    this.#out.send({ bytes: 0, arrive: () => other?.end(BROKEN) });
    // As a real socket: its end is told in a later turn.
    if (!this.#hasEnded) this.process.clock.after(0, () => this.end(BROKEN));
  }

  /** The connection is gone on this side. Code of this process. */
  end(reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#early = [];
    if (this.#user === undefined) this.#unusedEnd?.(reason);
    else this.#user.closed(reason);
  }

  /** A frame comes. Code of this process. */
  receive(frame: Buffer): void {
    if (this.#hasEnded) return;
    if (this.#user === undefined) this.#early.push(frame);
    else this.#user.read(frame);
  }
}

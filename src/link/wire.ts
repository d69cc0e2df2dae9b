import type { WebSocket } from "ws";
import type { Clock, Timer } from "../runtime/clock.ts";
import { BEAT_MS, type Pulse, SILENT } from "./pulse.ts";

const GOODBYE_MS = 1000;

/** What runs over a wire. */
export interface WireUser {
  read(frame: Buffer): void;
  /** Half a second has passed: something must be sent, as a sign of life. */
  beat(): void;
  /** Something is to be sent before the wire is closed. */
  flush?(): void;
}

/**
 * A WebSocket between two processes of the cluster, with a sign of life every half second both ways. It ends
 * once, whoever ended it: this side, the other side, the network, or silence.
 */
export class Wire {
  readonly #socket: WebSocket;
  readonly #clock: Clock;
  readonly #user: WireUser;
  readonly #pulse: Pulse;
  readonly #beats: Timer;
  #closed: ((reason: string) => void) | undefined;

  constructor(socket: WebSocket, clock: Clock, pulse: Pulse, user: WireUser) {
    this.#socket = socket;
    this.#clock = clock;
    this.#user = user;
    this.#pulse = pulse;
    this.#beats = clock.every(BEAT_MS, () => this.#beat());
    socket.on("message", (frame: Buffer) => this.#read(frame));
    socket.on("close", (code, reason) => this.#end(reason.toString() || meaningOf(code)));
    socket.on("error", (error) => this.#end(error.message));
  }

  get isOpen(): boolean {
    return this.#closed !== undefined;
  }

  /** Bytes handed to the socket that it has not sent yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Opens for use. @param closed called once, and nothing after it */
  start(closed: (reason: string) => void): void {
    this.#closed = closed;
  }

  send(frame: Buffer | string): void {
    if (this.isOpen) this.#socket.send(frame, { binary: typeof frame !== "string", compress: false });
  }

  /** Says goodbye behind what was sent; whoever does not answer it is cut off. */
  close(reason: string): void {
    if (!this.isOpen) return;
    this.#user.flush?.();
    this.#socket.close(1000, reason.replace(/[^ -~]/g, "?").slice(0, 100));
    // Whoever does not answer a goodbye must not keep this process from stopping.
    this.#clock.after(GOODBYE_MS, () => this.#socket.terminate());
    this.#end(reason);
  }

  /** Ends without goodbye. */
  cut(reason: string): void {
    this.#socket.terminate();
    this.#end(reason);
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

  #beat(): void {
    if (this.#pulse.beat()) this.#user.beat();
    else this.cut(SILENT);
  }
}

/** [RFC 6455, 7.4.1] */
function meaningOf(code: number): string {
  return code === 1006 ? "the connection broke" : `closed with code ${code}`;
}

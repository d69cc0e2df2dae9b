import type { WebSocket } from "ws";
import type { Clock, Timer } from "../runtime/clock.ts";
import { BEAT_MS, Pulse } from "./pulse.ts";

/** The talk of members with scc-state, version 1: JSON messages, one per frame; an empty frame is a beat. */
export const TALK_PROTOCOL = "scc-state.1";

export interface TalkEvents {
  /** One message. To throw means that it is not understood, which ends the talk with the error's message. */
  message(message: unknown): void;
  /** Called once, and nothing after it. */
  closed(reason: string): void;
}

/**
 * A connection for rare messages between a member and scc-state. Like a link it gives a sign of life every
 * half second and ends when the other side is silent.
 */
export class Talk {
  readonly #socket: WebSocket;
  /** Messages are too rare to be acknowledged: hearing the other side is enough. */
  readonly #pulse = new Pulse(false);
  readonly #beats: Timer;
  #events: TalkEvents | undefined;

  constructor(socket: WebSocket, clock: Clock) {
    this.#socket = socket;
    this.#beats = clock.every(BEAT_MS, () => this.#beat());
    socket.on("message", (frame: Buffer) => this.#read(frame.toString()));
    socket.on("close", (code, reason) => this.#end(reason.toString() || `closed with code ${code}`));
    socket.on("error", (error) => this.#end(error.message));
  }

  /** Says who handles what comes; to be called in the turn that the talk was made in. */
  start(events: TalkEvents): void {
    this.#events = events;
  }

  send(message: unknown): void {
    if (this.#events !== undefined) this.#socket.send(JSON.stringify(message));
  }

  close(reason: string): void {
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

  #read(text: string): void {
    this.#pulse.heard();
    if (text === "") return;
    try {
      this.#events?.message(JSON.parse(text));
    } catch (error) {
      this.close(`not understood: ${(error as Error).message}`);
    }
  }

  #beat(): void {
    if (this.#pulse.beat()) {
      this.#socket.send("");
      return;
    }
    this.#socket.terminate();
    this.#end("silent");
  }
}

import type { Clock } from "../runtime/clock.ts";
import { Pulse } from "./pulse.ts";
import { Wire, type WireSocket } from "./wire.ts";

/** The talk of members with scc-state, version 1: JSON messages, one per frame; an empty frame is a beat. */
export const TALK_PROTOCOL = "scc-state.1";

export interface TalkEvents {
  /** One message. To throw means that it is not understood, which ends the talk with the error's message. */
  message(message: unknown): void;
  /** Called once, and nothing after it. */
  closed(reason: string): void;
}

/** A connection for rare messages between a member and scc-state. */
export class Talk {
  readonly #wire: Wire;
  #events: TalkEvents | undefined;

  constructor(socket: WireSocket, clock: Clock) {
    // Messages are too rare to be acknowledged: hearing the other side is enough.
    const pulse = new Pulse(false);
    this.#wire = new Wire(socket, clock, pulse, {
      read: (frame) => this.#read(frame.toString()),
      beat: () => this.#wire.sendText(""),
    });
  }

  /** Says who handles what comes; to be called in the turn that the talk was made in. */
  start(events: TalkEvents): void {
    this.#events = events;
    this.#wire.start((reason) => events.closed(reason));
  }

  send(message: unknown): void {
    this.#wire.sendText(JSON.stringify(message));
  }

  close(reason: string): void {
    this.#wire.close(reason);
  }

  #read(text: string): void {
    if (text === "") return;
    try {
      this.#events?.message(JSON.parse(text));
    } catch (error) {
      this.close(`not understood: ${(error as Error).message}`);
    }
  }
}

import type { Clock } from "../runtime/clock.ts";
import { SccError } from "../runtime/errors.ts";
import { Pulse } from "./pulse.ts";
import { Wire, type WireSocket } from "./wire.ts";

/** The talk of members with scc-state, version 1: JSON messages, one per frame; an empty frame is a beat. */
export const TALK_PROTOCOL = "scc-state.1";
/** Unsent bytes past which a talk is cut off: rings of 10,000 brokers, several of them. */
const MAX_UNREAD = 32 * 2 ** 20;

/** A message that is none of a talk: the talk is closed. */
export class BadMessageError extends SccError {
  readonly code = "SCC_BAD_MESSAGE";
  override readonly name = "BadMessageError";

  constructor(problem: string) {
    super(`not understood: ${problem}`);
  }
}

export interface TalkEvents {
  /** One message. @throws {BadMessageError} if it is not understood, which ends the talk with the error's message */
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
    if (this.#wire.bufferedBytes > MAX_UNREAD) this.#wire.cut("too slow");
  }

  close(reason: string): void {
    this.#wire.close(reason);
  }

  #read(text: string): void {
    if (text === "") return;
    try {
      this.#events?.message(parsed(text));
    } catch (error) {
      if (!(error instanceof BadMessageError)) throw error;
      this.close(error.message);
    }
  }
}

/** @throws {BadMessageError} if the text is no JSON */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadMessageError((error as Error).message);
  }
}

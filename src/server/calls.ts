import { BadConnectionError, hydrate, TimeoutError } from "../protocol/wire-errors.ts";
import type { Clock, Timer } from "../runtime/clock.ts";

type SettleCall = (error: unknown, data?: unknown) => void;

interface PendingCall {
  readonly event: string;
  readonly settle: SettleCall;
  readonly timer: Timer;
}

/** What becomes of a message for a client that is not there. @param verb what was to be done: `transmit`, `invoke` */
export function badConnection(verb: string, event: string): Error {
  return new BadConnectionError(
    `Socket ${verb} ${textOf(event)} event was aborted due to a bad connection`,
    "connectAbort",
  );
}

/** An event as words of an error. Applications may give anything, also what cannot be made a text. */
function textOf(event: unknown): string {
  return typeof event === "object" ? "that is no text" : String(event);
}

/** The server's calls to one client that wait for an answer. A connection has one once it made a call. */
export class Calls {
  readonly #clock: Clock;
  readonly #pending = new Map<number, PendingCall>();
  #nextId = 1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#pending.size;
  }

  /**
   * Notes a call.
   *
   * @param timeoutMs after which it settles with a `TimeoutError`
   * @returns the number the client answers with
   */
  open(event: string, timeoutMs: number, settle: SettleCall): number {
    const id = this.#nextId;
    this.#nextId += 1;
    const timer = this.#clock.after(timeoutMs, () => {
      this.#pending.delete(id);
      settle(new TimeoutError(`Event response for ${textOf(event)} event timed out`));
    });
    this.#pending.set(id, { event, settle, timer });
    return id;
  }

  /** Settles the call that the client answers. An answer to nothing is ignored: the call may have timed out. */
  answer(id: number, data: unknown, error: unknown): void {
    const call = this.#pending.get(id);
    if (call === undefined) return;
    this.#pending.delete(id);
    call.timer.cancel();
    call.settle(hydrate(error), data);
  }

  /** The connection has ended: nobody will answer. */
  abort(type: "disconnect" | "connectAbort", code: number, reason: string | undefined): void {
    for (const [id, call] of this.#pending) {
      this.#pending.delete(id);
      call.timer.cancel();
      const message = `Event ${textOf(call.event)} was aborted due to a bad connection`;
      call.settle(new BadConnectionError(message, type, code, reason));
    }
  }
}

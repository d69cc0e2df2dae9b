import type { Timer } from "../runtime/clock.ts";
import type { Connection } from "./connection.ts";
import type { ServerCore } from "./core.ts";

export interface DrainOptions {
  /** Clients told to go per second; the deadline may ask for more. */
  readonly perSecond: number;
  /** By then, in ms, all are gone: those still there are cut off. */
  readonly deadlineMs: number;
}

const STEP_MS = 50;
/** Of the time until the deadline, what is kept for the last ones to go: 1/5. */
const RESERVE = 5;

/**
 * Parts with all clients, a few at a time, so that the servers they turn to are not overrun: new ones are
 * refused (503), and those here are closed without a code, on which they connect elsewhere at once.
 *
 * @returns once all are gone
 */
export function drain(core: ServerCore, { perSecond, deadlineMs }: DrainOptions): Promise<void> {
  core.accepting = false;
  for (const socket of core.undecided) socket.destroy();
  const { clock } = core;
  const start = clock.now();
  const total = core.open.size + core.pending.size;
  const sendingMs = deadlineMs - deadlineMs / RESERVE;
  const perMs = Math.max(perSecond / 1000, sendingMs > 0 ? total / sendingMs : Infinity);
  let sent = 0;

  return new Promise((resolve) => {
    let timer: Timer | undefined;
    const step = (): void => {
      const elapsed = clock.now() - start;
      const due = Math.ceil((elapsed + STEP_MS) * perMs) - sent;
      sent += sendAway(core, due);
      if (elapsed >= deadlineMs) cutAll(core);
      if (core.socketCount > 0) return;
      timer?.cancel();
      resolve();
    };
    timer = clock.every(STEP_MS, step);
    step();
  });
}

function sendAway(core: ServerCore, count: number): number {
  let sent = 0;
  for (const connection of connections(core)) {
    if (sent >= count) break;
    connection.sendAway();
    sent += 1;
  }
  return sent;
}

function* connections(core: ServerCore): Iterable<Connection> {
  yield* core.open.values();
  yield* core.pending.values();
}

function cutAll(core: ServerCore): void {
  for (const connection of connections(core)) connection.sendAway();
  for (const connection of core.closing) connection.terminate();
}

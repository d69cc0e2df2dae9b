import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import type { Connection } from "../connection.ts";
import type { ServerCore } from "../core.ts";

/**
 * Why a client that does not read fast enough was closed: more waits for it than may wait for one, or for all
 * together; or it took nothing for `pingTimeout`.
 */
export type SlowReason = "own" | "total" | "stalled";

/** How long a slow consumer's socket may still take to say goodbye before its buffers are dropped. */
const SLOW_GRACE_MS = 1_000;
/** What is freed once all hold too much: so much that whom to close need not be looked for all the time. */
const RELIEF = 1 / 8;

/** Bytes that a client has not taken, and those of publications that wait for outbound middleware. */
export function waitingBytes({ outbox, queue }: Connection): number {
  return outbox.bufferedBytes + (queue?.bytes ?? 0);
}

/** Closes a client that does not read fast enough. Also in the midst of a delivery, where subscriptions must not change. */
export function partWithSlow(connection: Connection, reason: SlowReason): void {
  const { core, ws } = connection;
  core.counters.slow[reason] += 1;
  letGo(connection);
  core.turn.write(() => {
    const { code, reason: text } = CLOSE_CODES.slowConsumer;
    connection.close(code, text);
    core.clock.after(SLOW_GRACE_MS, () => ws.terminate());
  });
}

/**
 * Closes those for whom most waits until enough is free. They are cut off: what their sockets have is a part of
 * what there is no room for, and a goodbye would have to wait behind it.
 */
export function relieve(core: ServerCore): void {
  const { held } = core.writer;
  // What this turn has only just brought is no sign of slowness.
  core.writer.flush();
  const enough = held.limit * (1 - RELIEF);
  const waiting: { connection: Connection; bytes: number }[] = [];
  for (const connection of core.sockets()) {
    const bytes = waitingBytes(connection);
    if (bytes > 0) waiting.push({ connection, bytes });
  }
  waiting.sort((a, b) => b.bytes - a.bytes);
  for (const { connection } of waiting) {
    if (held.bytes <= enough) return;
    cutOff(connection);
  }
}

function cutOff(connection: Connection): void {
  letGo(connection);
  connection.outbox.forget();
  if (connection.state !== "closed") {
    connection.core.counters.slow.total += 1;
    const { code, reason } = CLOSE_CODES.slowConsumer;
    connection.close(code, reason);
  }
  connection.ws.terminate();
}

/** Forgets what waits, but not what the socket was handed. */
function letGo({ outbox, queue }: Connection): void {
  queue?.forget();
  outbox.discard();
}

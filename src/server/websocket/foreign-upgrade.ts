import type { Duplex } from "node:stream";
import type { Clock } from "../../runtime/clock.ts";

/** Sockets that are looked after already: several servers of ours may listen at one HTTP server. */
const known = new WeakSet<Duplex>();

/**
 * Leaves the socket of an upgrade to whoever else listens for upgrades, but never without a listener for errors:
 * `node:http` takes its own away, and where nobody sets one soon enough, a client that resets the connection would end
 * the process. Nothing else of the socket is touched.
 *
 * @param patienceMs how long it may take until somebody takes it
 * @param unwanted called once if nobody has by then
 */
export function leaveToOthers(socket: Duplex, clock: Clock, patienceMs: number, unwanted: () => void): void {
  if (known.has(socket)) return;
  known.add(socket);
  socket.on("error", ignore);
  const before = tracesOf(socket);
  const timer = clock.after(patienceMs, () => {
    socket.off("close", closed);
    if (!socket.destroyed && tracesOf(socket) === before) unwanted();
  });
  const closed = (): void => timer.cancel();
  socket.once("close", closed);
}

/** The socket closes by itself, and whoever took it listens for its own. */
function ignore(): void {}

/** Grows when somebody takes a socket: reads it, writes to it, or listens for its errors. */
function tracesOf(socket: Duplex & { readonly bytesWritten?: number }): number {
  const listeners = ["data", "readable", "error"].map((event) => socket.listenerCount(event));
  return listeners.reduce((sum, count) => sum + count, socket.bytesWritten ?? 0);
}

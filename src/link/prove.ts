import { FRAME_ROOM } from "../protocol/frames.ts";
import type { DialFailure } from "./dial-failure.ts";
import type { MemberSocket } from "./member-socket.ts";
import { type Exchange, isProof, proofOf } from "./proof.ts";

/** Bytes of the largest message that is taken before the other side has proved that it holds the key. */
export const MAX_PROOF = 512;

/** What starts the reason with which somebody without the key is turned away. The name is upstream's. */
export const BAD_KEY = "BadClusterAuthError";
export const WRONG_KEY = `${BAD_KEY}: the cluster's key (SCC_AUTH_KEY) is missing or wrong`;
export const OTHER_INSTANCE = "another instance is expected here";

const UNPROVED: DialFailure = {
  kind: "auth",
  reason: `${BAD_KEY}: who answers does not prove that it holds this process's SCC_AUTH_KEY`,
};

/** Sends a text; for what is said rarely. */
export function sendText(socket: MemberSocket, text: string): void {
  const room = Buffer.allocUnsafe(FRAME_ROOM + Buffer.byteLength(text));
  room.write(text, FRAME_ROOM);
  socket.send(room);
}

/** Why a connection ended that was not in use yet. */
export function failureFor(reason: string): DialFailure {
  if (reason.startsWith(BAD_KEY)) return { kind: "auth", reason };
  return { kind: reason === OTHER_INSTANCE ? "replaced" : "other", reason };
}

/**
 * Proves to whom was dialled that this process holds the key, and has it prove the same. What goes over the wire is
 * of no use for anything but this connection, to whomever it leads.
 *
 * @param events exactly one is called, once; `proved` in the turn in which the socket is to be taken over
 */
export function prove(
  socket: MemberSocket,
  key: string,
  exchange: Exchange,
  events: { proved(): void; failed(failure: DialFailure): void },
): void {
  socket.start({
    read: (message) => {
      if (isProof(message.toString("latin1"), key, "acceptor", exchange)) return events.proved();
      events.failed(UNPROVED);
    },
    closed: (reason) => events.failed(failureFor(reason)),
  });
  sendText(socket, `${proofOf(key, "dialler", exchange)} ${exchange.target}`);
}

import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import type { Packet } from "../../protocol/packets.ts";
import { expire, forget } from "../auth/authentication.ts";
import type { Connection } from "../connection.ts";
import { authenticate } from "./handlers/authenticate.ts";
import { event } from "./handlers/event.ts";
import { handshake } from "./handlers/handshake.ts";
import { malformed } from "./handlers/malformed.ts";
import { publish } from "./handlers/publish.ts";
import { refused } from "./handlers/refused.ts";
import { subscribe } from "./handlers/subscribe.ts";
import { unsubscribe } from "./handlers/unsubscribe.ts";
import type { Message } from "./inbound.ts";

/** Nothing, if all is done; else what to wait for before the connection's next packet. Rejects only for bugs. */
export type Pending = Promise<void> | undefined;

/** Hands a packet to what handles its kind. */
export function dispatch(connection: Connection, packet: Packet, message: Message): Pending {
  // What came before it in the same message, or while middleware was asked, may have ended the connection.
  if (connection.state === "closed") return undefined;
  if (
    connection.state === "connecting" &&
    packet.kind !== "handshake" &&
    connection.core.options.strictHandshake
  ) {
    connection.close(CLOSE_CODES.messageBeforeHandshake.code);
    return undefined;
  }
  switch (packet.kind) {
    case "publish":
      return publish(connection, packet);
    case "pong":
      expire(connection);
      return undefined;
    case "event":
      return event(connection, packet);
    case "answer":
      connection.answered(packet.rid, packet.data, packet.error);
      return undefined;
    case "subscribe":
      return subscribe(connection, packet);
    case "unsubscribe":
      return unsubscribe(connection, packet);
    case "handshake":
      return handshake(connection, packet);
    case "authenticate":
      return authenticate(connection, packet);
    case "remove-auth-token":
      forget(connection);
      connection.observer?.transmitted("#removeAuthToken", packet.data);
      return undefined;
    case "malformed":
      return malformed(connection, packet);
    case "refused":
      return refused(connection, packet, message);
    case "raw":
      connection.observer?.raw(message);
      return undefined;
  }
}

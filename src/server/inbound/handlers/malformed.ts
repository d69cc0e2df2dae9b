import type { MalformedPacket } from "../../../protocol/packets.ts";
import { InvalidActionError } from "../../../protocol/wire-errors.ts";
import { expire } from "../../auth/authentication.ts";
import type { Connection } from "../../connection.ts";
import type { Pending } from "../dispatch.ts";

/** A packet of the protocol that makes no sense: answered with an error, as far as an answer is wanted. */
export function malformed(connection: Connection, packet: MalformedPacket): Pending {
  expire(connection);
  const disabled = packet.event === "#publish" && !connection.core.options.allowClientPublish;
  const error = new InvalidActionError(disabled ? "Client publish feature is disabled" : packet.reason);
  connection.report(error);
  if (packet.cid !== undefined) connection.answerError(packet.cid, error);
  return undefined;
}

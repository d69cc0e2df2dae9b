import type { RefusedPacket } from "../../../protocol/packets.ts";
import { InvalidMessageError } from "../../../protocol/wire-errors.ts";
import type { Connection } from "../../connection.ts";
import type { Pending } from "../dispatch.ts";
import type { Message } from "../inbound.ts";

/** A message that is more than is taken: reported, answered as far as it can be, and `raw` to the application. */
export function refused(connection: Connection, packet: RefusedPacket, message: Message): Pending {
  const error = new InvalidMessageError(packet.reason);
  connection.report(error);
  if (packet.cid !== undefined) connection.answerError(packet.cid, error);
  connection.observer?.raw(message);
  return undefined;
}

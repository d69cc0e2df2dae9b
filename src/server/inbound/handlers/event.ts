import type { CallId, EventPacket } from "../../../protocol/packets.ts";
import { expire } from "../../auth/authentication.ts";
import type { Connection } from "../../connection.ts";
import { ask, Blocked, type Decide, type InboundAction } from "../../middleware/middleware.ts";
import type { Pending } from "../dispatch.ts";

/** An event of the application: a transmission, or a call. */
export function event(connection: Connection, packet: EventPacket): Pending {
  const authTokenExpiredError = expire(connection);
  const decide = connection.core.middleware.inbound;
  if (decide === undefined) {
    tell(connection, packet.name, packet.data, packet.cid);
    return undefined;
  }
  const { name, data, cid } = packet;
  const base = { connection, data, authTokenExpiredError };
  const action: InboundAction =
    cid === undefined
      ? { ...base, type: "transmit", receiver: name }
      : { ...base, type: "invoke", procedure: name };
  return decideAndTell(connection, packet, decide, action);
}

async function decideAndTell(
  connection: Connection,
  { name, cid }: EventPacket,
  decide: Decide<InboundAction>,
  action: InboundAction,
): Promise<void> {
  const decision = await ask(connection.core, "inbound", decide, action);
  if (!(decision instanceof Blocked)) tell(connection, name, decision.data, cid);
  else if (cid !== undefined) connection.answerError(cid, decision.clientError);
}

function tell(connection: Connection, name: string, data: unknown, cid: CallId): void {
  if (cid === undefined) connection.observer?.transmitted(name, data);
  else connection.observer?.invoked({ connection, id: cid, procedure: name, data, answered: false });
}

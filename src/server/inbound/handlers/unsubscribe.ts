import type { UnsubscribePacket } from "../../../protocol/packets.ts";
import { expire } from "../../auth/authentication.ts";
import type { Connection } from "../../connection.ts";
import type { Pending } from "../dispatch.ts";
import { unsubscribe as unsubscribeConnection } from "../subscriptions.ts";

/** A client leaves a channel. */
export function unsubscribe(connection: Connection, packet: UnsubscribePacket): Pending {
  expire(connection);
  const { channel, cid } = packet;
  const error = attempt(connection, channel);
  if (error !== undefined) connection.report(error);
  if (cid === undefined) {
    connection.observer?.transmitted("#unsubscribe", channel);
    return undefined;
  }
  if (error === undefined) connection.acknowledge(cid);
  else connection.answerError(cid, error);
  connection.observer?.invoked({
    connection,
    id: cid,
    procedure: "#unsubscribe",
    data: channel,
    answered: true,
  });
  return undefined;
}

function attempt(connection: Connection, channel: string): unknown {
  try {
    unsubscribeConnection(connection, channel);
    return undefined;
  } catch (error) {
    return error; // it becomes the client's answer
  }
}

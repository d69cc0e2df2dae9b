import type { SubscribePacket } from "../../protocol/packets.ts";
import { InvalidActionError } from "../../protocol/wire-errors.ts";
import { expire } from "../authentication.ts";
import { tellOf } from "../backlog.ts";
import type { Connection } from "../connection.ts";
import type { Pending } from "../dispatch.ts";
import { ask, Blocked, type Decide, type InboundAction } from "../middleware.ts";
import { subscribe as subscribeConnection } from "../subscriptions.ts";

/** A client subscribes. It is acknowledged when everything published from then on reaches it. */
export function subscribe(connection: Connection, packet: SubscribePacket): Pending {
  const authTokenExpiredError = expire(connection);
  const { channel, options } = packet;
  const decide = connection.core.middleware.inbound;
  if (decide === undefined) {
    hold(connection, packet, options);
    return undefined;
  }
  const { data } = options;
  const action: InboundAction = { type: "subscribe", connection, channel, data, authTokenExpiredError };
  return decideAndHold(connection, packet, decide, action);
}

async function decideAndHold(
  connection: Connection,
  packet: SubscribePacket,
  decide: Decide<InboundAction>,
  action: InboundAction,
): Promise<void> {
  const decision = await ask(connection.core, "inbound", decide, action);
  if (decision instanceof Blocked) {
    if (packet.cid !== undefined) connection.answerError(packet.cid, decision.clientError);
    return;
  }
  const { data } = decision;
  hold(connection, packet, data === undefined ? packet.options : { ...packet.options, data });
}

function hold(connection: Connection, packet: SubscribePacket, options: SubscribePacket["options"]): void {
  const { channel, cid } = packet;
  if (cid === undefined) {
    // The protocol has no subscription without an answer; upstream only tells the application of it.
    connection.observer?.transmitted("#subscribe", options.data);
    return;
  }
  if (connection.state === "connecting") {
    const text = "Cannot subscribe socket to a channel before it has completed the handshake";
    const error = new InvalidActionError(text);
    connection.report(error);
    connection.answerError(cid, error);
    return;
  }
  if (connection.state === "closed") return;
  const { messageBytes } = connection;
  subscribeConnection(connection, channel, options, (error) => {
    if (error !== undefined) connection.report(error);
    if (connection.state === "closed") return;
    if (error === undefined) connection.acknowledge(cid);
    else connection.answerError(cid, error);
    const { observer } = connection;
    if (observer === undefined) return;
    const data = { channel, ...options };
    const request = { connection, id: cid, procedure: "#subscribe", data, answered: true };
    tellOf(connection, messageBytes, () => observer.invoked(request));
  });
}

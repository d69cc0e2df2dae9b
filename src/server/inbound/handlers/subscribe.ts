import type { SubscribePacket } from "../../../protocol/packets.ts";
import { InvalidActionError } from "../../../protocol/wire-errors.ts";
import { expire } from "../../auth/authentication.ts";
import type { Connection } from "../../connection.ts";
import {
  ask as askMiddleware,
  Blocked,
  type Decide,
  type InboundAction,
} from "../../middleware/middleware.ts";
import { tellOf } from "../backlog.ts";
import type { Pending } from "../dispatch.ts";
import { subscribe as subscribeConnection } from "../subscriptions.ts";

/** What a client has asked the broker, which has not answered. */
interface Asked {
  count: number;
  /** Goes on with the client's next packet. */
  goOn: (() => void) | undefined;
}

/** Few clients have anything to wait for, and only for a moment. */
const asked = new WeakMap<Connection, Asked>();

/** A client subscribes. It is acknowledged when everything published from then on reaches it. */
export function subscribe(connection: Connection, packet: SubscribePacket): Pending {
  const authTokenExpiredError = expire(connection);
  const { channel, options } = packet;
  const decide = connection.core.middleware.inbound;
  if (decide === undefined) {
    return hold(connection, packet, options);
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
  const decision = await askMiddleware(connection.core, "inbound", decide, action);
  if (decision instanceof Blocked) {
    if (packet.cid !== undefined) connection.answerError(packet.cid, decision.clientError);
    return;
  }
  const { data } = decision;
  await hold(connection, packet, data === undefined ? packet.options : { ...packet.options, data });
}

function hold(connection: Connection, packet: SubscribePacket, options: SubscribePacket["options"]): Pending {
  const { channel, cid } = packet;
  if (cid === undefined) {
    // The protocol has no subscription without an answer; upstream only tells the application of it.
    connection.observer?.transmitted("#subscribe", options.data);
    return undefined;
  }
  if (connection.state === "connecting") {
    const text = "Cannot subscribe socket to a channel before it has completed the handshake";
    const error = new InvalidActionError(text);
    connection.report(error);
    connection.answerError(cid, error);
    return undefined;
  }
  if (connection.state === "closed") return undefined;
  return ask(connection, channel, options, cid);
}

/** @returns what to wait for where the client has asked so much that the broker has not answered, else nothing */
function ask(
  connection: Connection,
  channel: string,
  options: SubscribePacket["options"],
  cid: number,
): Pending {
  const { messageBytes } = connection;
  let isAnswered = false;
  let waiting: Asked | undefined;
  subscribeConnection(connection, channel, options, (error) => {
    isAnswered = true;
    if (waiting !== undefined) answered(waiting);
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
  if (isAnswered) return undefined;
  waiting = asked.get(connection) ?? { count: 0, goOn: undefined };
  waiting.count += 1;
  asked.set(connection, waiting);
  return room(connection, waiting);
}

/** One question for each channel is no more than the channels are; who asks more often waits for answers. */
function room(connection: Connection, waiting: Asked): Pending {
  const most = (connection.channels?.size ?? 0) + connection.core.options.maxQueuedPackets;
  if (waiting.count < most) return undefined;
  return new Promise((resolve) => {
    waiting.goOn = resolve;
  });
}

function answered(waiting: Asked): void {
  waiting.count -= 1;
  waiting.goOn?.();
  waiting.goOn = undefined;
}

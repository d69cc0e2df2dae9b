import type { CallId, PublishPacket } from "../../../protocol/packets.ts";
import { readTraceparent } from "../../../protocol/trace-context.ts";
import { InvalidActionError, InvalidArgumentsError } from "../../../protocol/wire-errors.ts";
import { isPublishLevel, type PublishLevel } from "../../../pubsub/broker.ts";
import { Publication } from "../../../pubsub/publication.ts";
import { expire } from "../../auth/authentication.ts";
import type { Connection } from "../../connection.ts";
import { ask, Blocked, type Decide, type InboundAction } from "../../middleware/middleware.ts";
import { tellOf } from "../backlog.ts";
import type { Pending } from "../dispatch.ts";
import { holdBack } from "../hold-back.ts";

/**
 * A client publishes. It is acknowledged when the broker has it as safe as it promises; without middleware
 * nothing from here to the broker is asynchronous, and nothing is to be waited for unless the broker is full.
 */
export function publish(connection: Connection, packet: PublishPacket): Pending {
  const { core } = connection;
  const authTokenExpiredError = expire(connection);
  if (!core.options.allowClientPublish) {
    refuse(connection, packet.cid, new InvalidActionError("Client publish feature is disabled"));
    return undefined;
  }
  const publication = new Publication(packet.channel, packet.bytes);
  const decide = core.middleware.inbound;
  if (decide === undefined) return send(connection, publication, packet);
  const { channel, traceparent, value } = packet;
  const data = value === undefined ? publication.dataIn(core.pubsub.form) : value;
  const trace = traceparent === undefined ? {} : { traceparent };
  const action: InboundAction = {
    type: "publishIn",
    connection,
    channel,
    data,
    authTokenExpiredError,
    ...trace,
  };
  return decideAndSend(connection, packet, decide, action);
}

async function decideAndSend(
  connection: Connection,
  packet: PublishPacket,
  decide: Decide<InboundAction>,
  action: InboundAction,
): Promise<void> {
  const { channel, cid } = packet;
  const decision = await ask(connection.core, "inbound", decide, action);
  if (decision instanceof Blocked) {
    if (cid !== undefined) connection.answerError(cid, decision.clientError);
    return;
  }
  // Written again: middleware may have given other data, or changed those it was shown.
  let publication: Publication;
  try {
    publication = Publication.of(channel, decision.data, connection.core.pubsub.form);
  } catch (error) {
    refuse(connection, cid, error); // what the application gave cannot be written as JSON
    return;
  }
  const level = decision.options?.level;
  if (level === undefined || isPublishLevel(level)) return send(connection, publication, packet, level);
  refuse(connection, cid, new InvalidArgumentsError(`There is no publish level ${JSON.stringify(level)}`));
}

function send(
  connection: Connection,
  publication: Publication,
  { cid, traceparent }: PublishPacket,
  level?: PublishLevel | undefined,
): Pending {
  const { core } = connection;
  const since = core.clock.now();
  const { channel } = publication;
  const refused = core.newChannels.publish(connection, channel, core.options.newChannelsPerMinute, since);
  if (refused !== undefined) {
    refuse(connection, cid, refused);
    return undefined;
  }
  connection.unsettled += 1;
  const traced = traceparent === undefined ? undefined : trace(connection, channel, traceparent);
  const latencies = core.counters.acknowledgements[level ?? core.options.publishLevel ?? "usual"];
  const settle = (error?: Error): void => {
    connection.unsettled -= 1;
    traced?.(error);
    if (error !== undefined) {
      refuse(connection, cid, error);
      return;
    }
    latencies.observe(core.clock.now() - since);
    // The publication stands, though its publisher has left and cannot be told.
    if (cid !== undefined && connection.state !== "closed") connection.acknowledge(cid);
    if (connection.observer !== undefined) {
      tellOf(connection, publication.bytes.length, () => tell(connection, publication, cid));
    }
  };
  const room = core.pubsub.publish(publication, settle, level);
  return room ? holdBack(connection, room) : undefined;
}

function trace({ core }: Connection, channel: string, traceparent: string) {
  const parent = core.tracer && readTraceparent(traceparent);
  return parent && core.tracer?.publishes(channel, parent);
}

function refuse(connection: Connection, cid: CallId, error: unknown): void {
  connection.report(error);
  if (cid !== undefined && connection.state !== "closed") connection.answerError(cid, error);
}

function tell(connection: Connection, publication: Publication, cid: CallId): void {
  const { observer, core } = connection;
  const { form } = core.pubsub;
  if (cid === undefined) {
    if (observer?.receives("#publish")) observer.transmitted("#publish", publication.dataIn(form));
    return;
  }
  if (!observer?.answers("#publish")) return;
  const { channel } = publication;
  const data = publication.dataIn(form);
  observer.invoked({ connection, id: cid, procedure: "#publish", data: { channel, data }, answered: true });
}

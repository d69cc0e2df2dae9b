import { eventPacket } from "../../protocol/encode.ts";
import type { Connection } from "../connection.ts";
import { ask, Blocked, type Decide, type OutboundAction } from "../middleware/middleware.ts";

/**
 * Sends a `#publish` that the application transmits to one client itself, once outbound middleware has allowed it, as
 * it does every publication.
 *
 * @param packet `{channel, data}`, and whatever stands beside; the application may have given anything
 */
export async function transmitPublish(
  connection: Connection,
  packet: unknown,
  decide: Decide<OutboundAction>,
): Promise<void> {
  const { channel, data } = Object(packet) as { channel: string; data: unknown };
  const action: OutboundAction = { type: "publishOut", connection, channel, data };
  const decision = await ask(connection.core, "outbound", decide, action);
  if (decision instanceof Blocked || connection.state === "closed") return;
  const isObject = typeof packet === "object" && packet !== null;
  const allowed = isObject ? { ...packet, data: decision.data } : packet;
  connection.sendPacket(eventPacket("#publish", allowed));
}

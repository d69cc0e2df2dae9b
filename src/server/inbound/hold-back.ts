import type { Connection } from "../connection.ts";

/**
 * Reads nothing more from a client that published more than can be passed on, until there is room again; what was
 * read already waits behind this. The client feels it as back-pressure of TCP, and is still written to. Others, who
 * publish elsewhere or only listen, are not concerned.
 *
 * @param room resolves in any case, within the publish limit
 */
export async function holdBack(connection: Connection, room: Promise<void>): Promise<void> {
  const { counters } = connection.core;
  counters.holdBacks += 1;
  counters.heldBack += 1;
  connection.ws.pause?.();
  await room;
  // Who waits for this reads on, once what has come meanwhile is dealt with.
  counters.heldBack -= 1;
}

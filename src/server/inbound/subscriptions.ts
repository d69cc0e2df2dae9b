import { MAX_CHANNEL_NAME } from "../../protocol/decode.ts";
import { BrokerError, InvalidActionError } from "../../protocol/wire-errors.ts";
import { withoutStack } from "../../runtime/errors.ts";
import type { Connection } from "../connection.ts";

/** Characters of a name; shorter ones are bounded by their number alone, longer ones by all of a client's together. */
const LONG_NAME = 256;

/** Told once; without an error it worked. */
type Settle = (error?: Error) => void;

/**
 * Subscribes a connection, and settles when everything published from then on reaches it. Subscribing to a
 * channel it already holds is the same as once, also at its limit.
 */
export function subscribe(
  connection: Connection,
  channel: string,
  options: Readonly<Record<string, unknown>>,
  settle: Settle,
): void {
  const refused = refusal(connection, channel);
  if (refused !== undefined) {
    settle(failed(channel, "subscribe", "to", refused));
    return;
  }
  connection.channels ??= new Set();
  connection.channels.add(channel);
  connection.core.pubsub.subscribe(channel, connection, (error) => {
    if (error !== undefined) {
      connection.channels?.delete(channel);
      settle(failed(channel, "subscribe", "to", error));
      return;
    }
    // The client may have left the channel, or for good, before the broker answered.
    if (connection.channels?.has(channel)) connection.core.events.subscribed?.(connection, channel, options);
    settle();
  });
}

/** @throws {BrokerError} if the connection is not subscribed to the channel */
export function unsubscribe(connection: Connection, channel: string): void {
  try {
    leave(connection, channel);
  } catch (error) {
    throw failed(channel, "unsubscribe", "from", error as Error);
  }
}

/** @throws {InvalidActionError} if the connection is not subscribed to the channel */
function leave(connection: Connection, channel: string): void {
  if (!connection.channels?.delete(channel)) {
    throw notAllowed(
      `Socket ${connection.id} tried to unsubscribe from a channel which it is not subscribed to`,
    );
  }
  end(connection, channel);
}

function end(connection: Connection, channel: string): void {
  const { pubsub, newChannels, events, clock } = connection.core;
  pubsub.unsubscribe(channel, connection);
  newChannels.leave(channel, clock.now());
  events.unsubscribed?.(connection, channel);
}

/** Ends all subscriptions of a connection. */
export function unsubscribeAll(connection: Connection): void {
  const { channels } = connection;
  if (channels === undefined) return;
  connection.channels = undefined;
  for (const channel of channels) end(connection, channel);
}

/**
 * Unsubscribes a client from channels on the server's behalf, and tells it so. Rejects with an `InvalidActionError` for
 * the first that it is not subscribed to, after the others; each is reported.
 */
export async function kickOut(
  connection: Connection,
  channels: readonly string[],
  message?: unknown,
): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  for (const channel of channels) {
    connection.transmit("#kickOut", { channel, message });
    try {
      leave(connection, channel);
    } catch (error) {
      connection.report(error);
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
}

function refusal(connection: Connection, channel: string): Error | undefined {
  if (connection.state !== "open") {
    return notAllowed("the connection is not open");
  }
  const { channels, core } = connection;
  if (channels?.has(channel)) return undefined;
  const { socketChannelLimit, newChannelsPerMinute } = core.options;
  return (
    tooMany(connection, channel, socketChannelLimit) ??
    core.newChannels.subscribe(connection, channel, newChannelsPerMinute, core.clock.now())
  );
}

function tooMany(connection: Connection, channel: string, limit: number | undefined): Error | undefined {
  const { channels } = connection;
  if (!limit || channels === undefined) return undefined;
  if (channels.size >= limit) {
    return notAllowed(`Socket ${connection.id} tried to exceed the channel subscription limit of ${limit}`);
  }
  if (channel.length <= LONG_NAME) return undefined;
  const most = Math.max(limit * LONG_NAME, MAX_CHANNEL_NAME);
  let size = channel.length;
  for (const name of channels) size += name.length;
  if (size <= most) return undefined;
  return notAllowed(
    `Socket ${connection.id} tried to exceed the limit of ${most} characters in the names of its channels`,
  );
}

function notAllowed(text: string): Error {
  return withoutStack(() => new InvalidActionError(text));
}

/** What upstream calls such failures; fields of the cause that clients may look at are kept. */
function failed(channel: string, verb: string, preposition: string, cause: Error): Error {
  const text = `Failed to ${verb} socket ${preposition} the ${channel} channel - ${cause}`;
  const error = withoutStack(() => new BrokerError(text));
  const { code, retryable, retryAfter } = cause as {
    code?: unknown;
    retryable?: unknown;
    retryAfter?: unknown;
  };
  if (code !== undefined) Object.assign(error, { code, retryable });
  if (retryAfter !== undefined) Object.assign(error, { retryAfter });
  Object.defineProperty(error, "cause", { value: cause, enumerable: false });
  return error;
}

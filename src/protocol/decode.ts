import { isUtf8 } from "node:buffer";
import { cidAtEnd, decodePublish } from "./decode-publish.ts";
import { hasMoreEntriesThan, isNestedDeeperThan, MAX_NESTING } from "./nesting.ts";
import type { CallId, Packet } from "./packets.ts";
import { readTraceparent } from "./trace-context.ts";

export type ProtocolVersion = 1 | 2;

const PONG: Packet = { kind: "pong" };
const RAW: Packet = { kind: "raw" };
const NOTHING = Buffer.alloc(0);

/** Packets of one message, unless the server is told otherwise: clients gather what a moment brings. */
export const MAX_BATCH = 1_000;
/** Characters of a channel's name. */
export const MAX_CHANNEL_NAME = 65_536;

const VERSION_1_PONG = "#2";
const OPENING_BRACE = 0x7b;
const OPENING_BRACKET = 0x5b;

/**
 * What one WebSocket message holds: a packet, or a batch of them. Never throws: whatever is no packet is
 * `raw`, as the original treats it, also text that is not JSON; what is nested too deeply, or a batch of too many,
 * is `refused`, and not parsed.
 *
 * @param text whether it came as a text message (whose UTF-8 is checked), not as a binary one
 * @param maxBatch packets that one message may hold
 */
export function decode(
  message: Buffer,
  text: boolean,
  version: ProtocolVersion,
  maxBatch = MAX_BATCH,
): Packet | readonly Packet[] {
  // Only text was checked to be UTF-8; what is not would grow when it is read as if it were.
  if (!text && !isUtf8(message)) return RAW;
  if (text && isPong(message, version)) return PONG;
  const first = message[firstVisible(message)];
  if (first !== OPENING_BRACE && first !== OPENING_BRACKET) return RAW;
  if (isNestedDeeperThan(MAX_NESTING, message)) return tooDeep(cidAtEnd(message));
  if (first === OPENING_BRACKET && hasMoreEntriesThan(maxBatch, message)) return tooMany(maxBatch);
  return (text ? decodePublish(message) : undefined) ?? packets(parse(message), maxBatch);
}

/** The packet, or the batch, that a decoded value stands for; for codecs other than JSON. */
export function packets(value: unknown, maxBatch = MAX_BATCH): Packet | readonly Packet[] {
  if (!Array.isArray(value)) return packet(value);
  return value.length > maxBatch ? tooMany(maxBatch) : value.map(packet);
}

function tooDeep(cid: CallId): Packet {
  const reason = `Message has more than ${MAX_NESTING} arrays and objects within each other: send flatter data`;
  return { kind: "refused", reason, cid };
}

function tooMany(maxBatch: number): Packet {
  const reason = `Message has more than ${maxBatch} packets: send them in smaller batches, or raise maxBatchSize`;
  return { kind: "refused", reason, cid: undefined };
}

function isPong(message: Buffer, version: ProtocolVersion): boolean {
  if (version === 2) return message.length === 0;
  return message.length === VERSION_1_PONG.length && message.toString() === VERSION_1_PONG;
}

/** The message's value if it is JSON, else `undefined`. */
function parse(message: Buffer): unknown {
  try {
    return JSON.parse(message.toString());
  } catch {
    return undefined; // the application may still make something of it: it gets it as a `raw` event
  }
}

function firstVisible(message: Buffer): number {
  let at = 0;
  while (at < message.length && (message[at] ?? 0) <= 0x20) at += 1;
  return at;
}

function packet(value: unknown): Packet {
  if (!isObject(value)) return RAW;
  const { event, data, cid: id, rid, error } = value;
  if (typeof event !== "string") {
    return typeof rid === "number" ? { kind: "answer", rid, data, error } : RAW;
  }
  const cid = typeof id === "number" ? id : undefined;
  switch (event) {
    case "#handshake":
      return { kind: "handshake", authToken: isObject(data) ? data.authToken : undefined, data, cid };
    case "#authenticate":
      return { kind: "authenticate", authToken: data, cid };
    case "#removeAuthToken":
      return { kind: "remove-auth-token", data };
    case "#subscribe":
      return subscribe(data, cid);
    case "#unsubscribe":
      if (typeof data === "string") return { kind: "unsubscribe", channel: data, cid };
      return { kind: "malformed", event, reason: "Unsubscribe channel name was malformatted", cid };
    case "#publish":
      return publish(data, cid);
    default:
      return { kind: "event", name: event, data, cid };
  }
}

function subscribe(data: unknown, cid: CallId): Packet {
  if (!isObject(data) || !isChannelName(data.channel)) {
    return {
      kind: "malformed",
      event: "#subscribe",
      reason: "Subscribe channel name was malformatted",
      cid,
    };
  }
  const { channel, ...options } = data;
  return { kind: "subscribe", channel: data.channel, options, cid };
}

function publish(data: unknown, cid: CallId): Packet {
  if (!isObject(data) || !isChannelName(data.channel)) {
    return { kind: "malformed", event: "#publish", reason: "Publish channel name was malformatted", cid };
  }
  const bytes = encodeData(data.data);
  // JSON was looked at before it was parsed; other codecs may have made anything.
  if (bytes === undefined || isNestedDeeperThan(MAX_NESTING, bytes)) {
    return { kind: "malformed", event: "#publish", reason: "Publish data was nested too deeply", cid };
  }
  const { channel, traceparent } = data;
  if (typeof traceparent !== "string" || !readTraceparent(traceparent))
    return { kind: "publish", channel, bytes, cid };
  return { kind: "publish", channel, bytes, cid, traceparent };
}

function encodeData(data: unknown): Buffer | undefined {
  if (data === undefined) return NOTHING;
  try {
    const json: string | undefined = JSON.stringify(data);
    return json === undefined ? NOTHING : Buffer.from(json);
  } catch {
    return undefined; // a codec may make what JSON has no words for: cycles, or any depth
  }
}

function isChannelName(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_CHANNEL_NAME;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

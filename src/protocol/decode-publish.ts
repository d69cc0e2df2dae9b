import type { PublishPacket } from "./packets.ts";

const START = Buffer.from('{"event":"#publish","data":{"channel":"');
const AFTER_CHANNEL = Buffer.from('","data":');
const BEFORE_CID = Buffer.from('},"cid":');
const CID = Buffer.from(',"cid":');

/** Bytes of a channel's name; longer ones take the general way, which knows the limit. */
const MAX_PLAIN_NAME = 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CLOSING_BRACE = 0x7d;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
/** More digits would not fit a number exactly. */
const MAX_CID_DIGITS = 15;

/**
 * The packet that clients send most, recognised by its fixed parts, exactly as the official client writes it:
 *
 *     {"event":"#publish","data":{"channel":"NAME","data":JSON},"cid":N}      or without `,"cid":N`
 *
 * so that the publisher's JSON need not be written again for those who receive it. It goes out to others as
 * it stands; hence it counts only if it is proved, by parsing just that slice, to be one complete JSON value:
 * otherwise a client could close the braces itself and put fields of its own into what others receive.
 *
 * @returns `undefined` for everything else, which then takes the general way
 */
export function decodePublish(message: Buffer): PublishPacket | undefined {
  if (!matches(message, 0, START)) return undefined;
  const channelEnd = endOfPlainString(message, START.length);
  if (channelEnd < 0 || !matches(message, channelEnd, AFTER_CHANNEL)) return undefined;
  const dataStart = channelEnd + AFTER_CHANNEL.length;

  const cidStart = startOfCid(message);
  const dataEnd = cidStart < 0 ? message.length - 2 : cidStart - BEFORE_CID.length;
  if (dataEnd <= dataStart) return undefined;
  if (cidStart < 0 && !(message[dataEnd] === CLOSING_BRACE && message[dataEnd + 1] === CLOSING_BRACE)) {
    return undefined;
  }
  const value = parse(message.toString("utf8", dataStart, dataEnd));
  if (value === undefined) return undefined;
  return {
    kind: "publish",
    channel: message.toString("utf8", START.length, channelEnd),
    bytes: message.subarray(dataStart, dataEnd),
    value,
    cid: cidStart < 0 ? undefined : Number(message.toString("latin1", cidStart, message.length - 1)),
  };
}

function matches(message: Buffer, at: number, part: Buffer): boolean {
  if (message.length < at + part.length) return false;
  for (let i = 0; i < part.length; i += 1) {
    if (message[at + i] !== part[i]) return false;
  }
  return true;
}

/** Where the closing quote of a string without escapes stands, or -1. */
function endOfPlainString(message: Buffer, start: number): number {
  const end = Math.min(message.length, start + MAX_PLAIN_NAME);
  for (let at = start; at < end; at += 1) {
    const byte = message[at] ?? 0;
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH || byte < 0x20) return -1;
  }
  return -1;
}

/** Where the digits of a `},"cid":N}` at the message's end start, or -1. */
function startOfCid(message: Buffer): number {
  const last = message.length - 1;
  if (message[last] !== CLOSING_BRACE) return -1;
  let at = last;
  while (at > 0 && isDigit(message[at - 1] ?? 0)) at -= 1;
  const digits = last - at;
  if (digits === 0 || digits > MAX_CID_DIGITS || (digits > 1 && message[at] === DIGIT_0)) return -1;
  return at >= BEFORE_CID.length && matches(message, at - BEFORE_CID.length, BEFORE_CID) ? at : -1;
}

/**
 * The call that a packet belongs to, where it stands at the end as the official client writes it, for packets that
 * are not parsed; of any other it may be something that only looks so, and means nothing to its sender.
 */
export function cidAtEnd(message: Buffer): number | undefined {
  const last = message.length - 1;
  let at = last;
  while (at > 0 && isDigit(message[at - 1] ?? 0)) at -= 1;
  const digits = last - at;
  const isCid = message[last] === CLOSING_BRACE && digits > 0 && digits <= MAX_CID_DIGITS;
  if (!isCid || at < CID.length || !matches(message, at - CID.length, CID)) return undefined;
  return Number(message.toString("latin1", at, last));
}

function isDigit(byte: number): boolean {
  return byte >= DIGIT_0 && byte <= DIGIT_9;
}

/** The value of a JSON text, or `undefined` if it is none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not an error: the general way decides what the message is
  }
}

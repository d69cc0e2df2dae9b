import formatter from "sc-formatter";
import { dehydrate } from "./wire-errors.ts";

/** A packet on its way out, before it is text. */
export type OutboundPacket =
  | { readonly event: string; readonly data?: unknown; readonly cid?: number }
  | { readonly rid: number; readonly data?: unknown; readonly error?: unknown };

/** An event for the client: with a `cid` it is to be answered. */
export function eventPacket(event: string, data: unknown, cid?: number): OutboundPacket {
  const packet: { event: string; cid?: number; data?: unknown } = { event };
  if (cid !== undefined) packet.cid = cid;
  if (data !== undefined) packet.data = data;
  return packet;
}

/** Whether a packet is a publication; a batch of packets is none. */
export function isPublication(packets: OutboundPacket | readonly OutboundPacket[]): boolean {
  // Applications send as packets what they like, also what is no object.
  return (packets as { event?: unknown } | null)?.event === "#publish";
}

export function answerPacket(rid: number, data?: unknown): OutboundPacket {
  return data === undefined ? { rid } : { rid, data };
}

/** The answer that says no more than that it worked, as `encode` would write it. */
export function acknowledgement(rid: number): string {
  return Number.isFinite(rid) ? `{"rid":${rid}}` : '{"rid":null}';
}

export function errorPacket(rid: number, error: unknown): OutboundPacket {
  return { rid, error: dehydrate(error) };
}

/**
 * A packet, or a batch of them, as text. Buffers in the data become `{base64: true, data}`, as clients expect.
 *
 * `undefined` for what JSON has no text for, such as a function.
 *
 * @throws {TypeError} if the data cannot be written as JSON (a cycle, a BigInt)
 */
export function encode(packets: OutboundPacket | readonly OutboundPacket[]): string | undefined {
  return formatter.encode(packets);
}

/**
 * A value as JSON text; undefined if there is none.
 *
 * @throws {TypeError} as `encode`
 */
export function encodeData(data: unknown): string | undefined {
  // The formatter leaves version 1's pings as they are, which here are data like any other.
  return typeof data === "object" && data !== null ? formatter.encode(data) : JSON.stringify(data);
}

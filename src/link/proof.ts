import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Header of an upgrade and of its answer in which each side says its nonce. */
export const NONCE_HEADER = "scc-nonce";

const NONCE_BYTES = 32;
const NONCE = /^[0-9a-f]{64}$/;

/** What both sides of a new connection know: a proof holds for exactly this one, and for one side of it. */
export interface Exchange {
  /** WebSocket subprotocol. */
  readonly protocol: string;
  /** Instance id of whom the dialler wants to speak with; empty if it does not know. */
  readonly target: string;
  readonly diallersNonce: string;
  readonly acceptorsNonce: string;
}

export type Side = "dialler" | "acceptor";

/** Bytes of chance that were never used before, as hex digits. */
export function newNonce(): string {
  return randomBytes(NONCE_BYTES).toString("hex");
}

/** The other side's nonce, if its headers have one. */
export function nonceIn(headers: IncomingHttpHeaders): string | undefined {
  const nonce = headers[NONCE_HEADER];
  return typeof nonce === "string" && NONCE.test(nonce) ? nonce : undefined;
}

/**
 * What only somebody who holds the key can say on this connection: HMAC-SHA-256, as hex digits. The side stands in
 * it, so that nobody can answer with what was said to it; protocol and target, so that it is of no use elsewhere.
 */
export function proofOf(key: string, side: Side, exchange: Exchange): string {
  const { protocol, target, diallersNonce, acceptorsNonce } = exchange;
  const said = JSON.stringify(["scc", 1, side, protocol, target, diallersNonce, acceptorsNonce]);
  return createHmac("sha256", key).update(said).digest("hex");
}

/** Whether somebody said what `proofOf` would, told in constant time. */
export function isProof(said: string, key: string, side: Side, exchange: Exchange): boolean {
  const wanted = Buffer.from(proofOf(key, side, exchange));
  const given = Buffer.from(said);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

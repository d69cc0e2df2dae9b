import { hkdfSync } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isLoopback as isLoopbackAddress } from "../../runtime/network.ts";

/** What is looked at of the request that a viewer's connection began with. */
export interface ViewerRequest {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/**
 * Whether a page may open a connection here: only ours may, which came from the same host. A page of another site
 * could otherwise use what the browser's user may reach. Programs other than browsers send no origin.
 */
export function isSameOrigin({ headers: { origin, host } }: ViewerRequest): boolean {
  if (origin === undefined) return true;
  if (host === undefined || !URL.canParse(origin)) return false;
  const from = new URL(origin);
  const here = `${from.protocol}//${host}`;
  return from.host !== "" && URL.canParse(here) && new URL(here).host === from.host;
}

/**
 * Whether somebody on this very machine asks, and knows that it does: a page of another site, whose name leads here
 * by a trick (DNS rebinding), asks for that name.
 */
export function isLoopback(request: ViewerRequest): boolean {
  return isLoopbackAddress(request.socket.remoteAddress) && isLoopbackHost(request.headers.host);
}

/** Whether a connection from this machine asks for another machine's name. */
export function isRebound(request: ViewerRequest): boolean {
  return isLoopbackAddress(request.socket.remoteAddress) && !isLoopbackHost(request.headers.host);
}

function isLoopbackHost(host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(`http://${host}`)) return false;
  const { hostname } = new URL(`http://${host}`);
  const name = hostname.replace(/^\[(.*)\]$/, "$1");
  return name === "localhost" || name.endsWith(".localhost") || isLoopbackAddress(name);
}

/**
 * What sessions are signed with: made of the cluster's key, so that they outlive a restart of scc-state and end when
 * the key changes, but nobody can learn the key from a session, nor use one elsewhere.
 */
export function sessionKey(authKey: string): string {
  return Buffer.from(hkdfSync("sha256", authKey, "", "scc dashboard session", 32)).toString("hex");
}

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** What is known of the request that a connection began with. */
export interface UpgradeRequest {
  readonly url?: string | undefined;
  readonly method?: string | undefined;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  readonly socket: Socket;
  /** The same as `socket`, by the name that older applications use. */
  readonly connection: Socket;
}

/**
 * Keeps of a request what applications look at, and lets go of the rest: its body's stream and the headers as
 * they came are a fifth of what an idle connection holds. Only for requests that nobody else has seen, since
 * others may have put something of their own on it.
 */
export function slim({ url, method, httpVersion, headers, socket }: IncomingMessage): UpgradeRequest {
  return { url, method, httpVersion, headers, socket, connection: socket };
}

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type ServerOptions, WebSocketServer } from "ws";
import { secretMatches } from "../runtime/secret.ts";
import { certificateTrouble } from "../runtime/tls.ts";
import { PATH } from "./dial.ts";
import { Handshake, type MemberSocket } from "./member-socket.ts";

export interface AcceptOptions {
  /** Keys that are accepted; undefined ones are ignored; none at all lets everybody in. */
  readonly authKeys: readonly (string | undefined)[];
  /** Whether members have to show a certificate. */
  readonly clientAuth: boolean;
  readonly maxPayload: number;
  /** By WebSocket subprotocol. */
  readonly protocols: ReadonlyMap<string, (socket: MemberSocket, request: IncomingMessage) => void>;
  /** Takes those who have the key and speak none of these protocols, but perhaps SocketCluster's; absent: refused. */
  others?(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** A connection that was turned away, and why. */
  refused(request: IncomingMessage, reason: string): void;
}

/** What emits requests to upgrade: an HTTP server, or whoever passes on those that are for members. */
export interface Upgrading {
  on(event: "upgrade", listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): unknown;
}

/**
 * Accepts connections of other processes of the cluster, told apart by WebSocket subprotocol. Whoever shows
 * no key, or the wrong one, is answered 401 with `BadClusterAuthError` before anything is read from it; whoever has
 * to show a certificate and has none that is accepted, 403.
 */
export function acceptMembers(server: Upgrading, options: AcceptOptions): void {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    WebSocket: Handshake as unknown as ServerOptions["WebSocket"],
    handleProtocols: (offered) => [...offered].find((name) => options.protocols.has(name)) ?? false,
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const refuse = (status: number, reason: string): void => {
      options.refused(request, reason);
      refuseUpgrade(socket, status, reason);
    };
    const refusal = refusalOf(request, options);
    if (refusal !== undefined) return refuse(refusal.status, refusal.reason);
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    const accept = options.protocols.get(offered.find((name) => options.protocols.has(name)) ?? "");
    if (accept)
      sockets.handleUpgrade(request, socket, head, (opened) => {
        accept((opened as unknown as Handshake).taken("server", options.maxPayload), request);
      });
    else if (options.others && request.headers["sec-websocket-protocol"] === undefined) {
      options.others(request, socket, head);
    } else {
      refuse(400, `Cannot connect: none of these protocols is known here: ${offered.join(", ") || "none"}`);
    }
  });
}

/** Why whoever sends this request is no member, as the answer says it; undefined if it may be one. */
function refusalOf(
  request: IncomingMessage,
  { authKeys, clientAuth }: AcceptOptions,
): { readonly status: number; readonly reason: string } | undefined {
  const [path, query] = (request.url ?? "").split("?", 2);
  if (path !== PATH) return { status: 404, reason: `Cannot connect here: use ${PATH}` };
  const trouble = clientAuth ? certificateTrouble(request) : undefined;
  if (trouble !== undefined) return { status: 403, reason: `Cannot connect: ${trouble}` };
  if (isAuthorized(request, new URLSearchParams(query), authKeys)) return undefined;
  const reason = "BadClusterAuthError: the cluster's key (SCC_AUTH_KEY) is missing or wrong";
  return { status: 401, reason };
}

/** Where a broker says which instance it is. */
export const IDENTITY_PATH = "/scc/identity";

/**
 * Answers whoever has the key which instance this is, so that scc-state lets nobody into the ring who is not
 * where it says.
 *
 * @returns whether the request was about that
 */
export function answerIdentity(
  instanceId: string,
  { authKeys, clientAuth }: Pick<AcceptOptions, "authKeys" | "clientAuth">,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  if (request.url !== IDENTITY_PATH) return false;
  const trouble = clientAuth ? certificateTrouble(request) : undefined;
  const allowed = trouble === undefined && isAuthorized(request, new URLSearchParams(), authKeys);
  response.writeHead(allowed ? 200 : 401, { "content-type": "text/plain; charset=utf-8" });
  response.end(allowed ? instanceId : `${trouble ?? "BadClusterAuthError"}\n`);
  return true;
}

/** The key comes in a header (ours) or in the query (upstream's members). */
export function isAuthorized(
  request: IncomingMessage,
  query: URLSearchParams,
  accepted: readonly (string | undefined)[],
): boolean {
  const bearer = request.headers.authorization?.match(/^Bearer (.+)$/)?.[1];
  return secretMatches(bearer ?? query.get("authKey") ?? undefined, accepted);
}

function refuseUpgrade(socket: Duplex, status: number, reason: string): void {
  // Whoever is turned away may hang up first; there is nothing to be done about it.
  socket.on("error", () => socket.destroy());
  socket.once("finish", () => socket.destroy());
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "connection: close",
    "content-type: text/plain; charset=utf-8",
    `content-length: ${Buffer.byteLength(reason)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${reason}`);
}

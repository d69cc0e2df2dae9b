import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type ServerOptions, WebSocketServer } from "ws";
import type { Clock } from "../runtime/clock.ts";
import { onUpgrade } from "../runtime/contain.ts";
import { secretMatches } from "../runtime/secret.ts";
import { certificateTrouble } from "../runtime/tls/tls.ts";
import { PATH } from "./dial.ts";
import { Handshake, type MemberSocket } from "./member-socket.ts";
import { isProof, NONCE_HEADER, newNonce, nonceIn, proofOf } from "./proof.ts";
import { BAD_KEY, MAX_PROOF, OTHER_INSTANCE, sendText, WRONG_KEY } from "./prove.ts";
import { Strangers } from "./strangers.ts";

/** How long whoever is turned away may take to answer the goodbye, ms. */
const GOODBYE_MS = 1000;

export interface AcceptOptions {
  /** Keys that are accepted; undefined ones are ignored; none at all lets everybody in. */
  readonly authKeys: readonly (string | undefined)[];
  /** Whether members have to show a certificate. */
  readonly clientAuth: boolean;
  /** Whether this process takes no more connections; absent: it takes any number. */
  readonly isFull?: () => boolean;
  readonly maxPayload: number;
  readonly clock: Clock;
  /** Who this process is to those who say whom they dial; absent: they need not say. */
  readonly instanceId?: () => string;
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
 * Accepts connections of other processes of the cluster, told apart by WebSocket subprotocol. Where there is a key,
 * nothing is read from whoever has not proved that it holds it, but that proof; see `prove`. Pages are no members:
 * who sends an `Origin` is answered 403, as is who has to show a certificate and has none that is accepted.
 */
export function acceptMembers(server: Upgrading, options: AcceptOptions): void {
  const reception = new Reception(options);
  onUpgrade(server, (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    reception.receive(request, socket, head),
  );
}

class Reception {
  readonly #options: AcceptOptions;
  readonly #keys: readonly string[];
  readonly #strangers: Strangers;
  /** What was said to those whose upgrade is under way. */
  readonly #nonces = new WeakMap<IncomingMessage, string>();
  readonly #sockets: WebSocketServer;

  constructor(options: AcceptOptions) {
    this.#options = options;
    this.#keys = options.authKeys.filter((key) => key !== undefined);
    this.#strangers = new Strangers(options.clock);
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      WebSocket: Handshake as unknown as ServerOptions["WebSocket"],
      handleProtocols: (offered) => [...offered].find((name) => options.protocols.has(name)) ?? false,
    });
    this.#sockets.on("headers", (headers, request) => {
      const nonce = this.#nonces.get(request);
      if (nonce !== undefined) headers.push(`${NONCE_HEADER}: ${nonce}`);
    });
  }

  receive(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Those who have proved nothing make room for who may have the key.
    if (this.#options.isFull?.() && !this.#strangers.makeRoom()) {
      const reason = "Cannot connect: too many connections (SCC_MAX_CONNECTIONS)";
      return this.#refuse(request, socket, 503, reason);
    }
    const refusal = refusalOf(request, this.#options.clientAuth);
    if (refusal !== undefined) return this.#refuse(request, socket, refusal.status, refusal.reason);
    const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
    const protocol = offered.find((name) => this.#options.protocols.has(name));
    if (protocol !== undefined) this.#receiveMember(request, socket, head, protocol);
    else if (this.#keys.length === 0) this.#receiveOther(request, socket, head, offered);
    else this.#receiveWithKey(request, socket, () => this.#receiveOther(request, socket, head, offered));
  }

  // --- members that speak one of the protocols ---

  #receiveMember(request: IncomingMessage, socket: Duplex, head: Buffer, protocol: string): void {
    const { maxPayload, protocols } = this.#options;
    const diallersNonce = nonceIn(request.headers);
    const hasKey = this.#keys.length > 0;
    if (hasKey && diallersNonce === undefined) return this.#refuse(request, socket, 401, WRONG_KEY);
    const acceptorsNonce = newNonce();
    if (hasKey) this.#nonces.set(request, acceptorsNonce);
    this.#sockets.handleUpgrade(request, socket, head, (opened) => {
      const member = (opened as unknown as Handshake).taken("server", hasKey ? MAX_PROOF : maxPayload);
      const accept = (): void => protocols.get(protocol)?.(member, request);
      if (diallersNonce === undefined || !hasKey) return accept();
      this.#hearProof(request, member, { protocol, diallersNonce, acceptorsNonce }, accept);
    });
  }

  #hearProof(
    request: IncomingMessage,
    member: MemberSocket,
    said: { readonly protocol: string; readonly diallersNonce: string; readonly acceptorsNonce: string },
    accept: () => void,
  ): void {
    const address = request.socket.remoteAddress ?? "";
    const end = (reason: string): void => {
      this.#options.refused(request, reason);
      this.#strangers.left(member);
      member.close(reason);
      this.#options.clock.after(GOODBYE_MS, () => member.terminate());
    };
    let isHeard = false;
    // Its place is needed at once: no goodbye.
    this.#strangers.came(member, address, (reason) => {
      this.#options.refused(request, reason);
      member.terminate();
    });
    member.start({
      closed: () => this.#strangers.left(member),
      read: (message) => {
        // Whatever stands behind a proof waits for the answer to it.
        if (isHeard) return end(`${BAD_KEY}: something is said before the key is proved`);
        isHeard = true;
        const text = message.toString("utf8");
        this.#strangers.examine(member, address, () => {
          const [proof = "", target = ""] = text.split(" ", 2);
          const exchange = { ...said, target };
          const key = this.#keys.find((each) => isProof(proof, each, "dialler", exchange));
          if (key === undefined) {
            this.#strangers.wasWrong(address);
            return end(WRONG_KEY);
          }
          const { instanceId } = this.#options;
          if (target !== "" && instanceId !== undefined && target !== instanceId())
            return end(OTHER_INSTANCE);
          this.#strangers.left(member);
          sendText(member, proofOf(key, "acceptor", exchange));
          member.maxPayload = this.#options.maxPayload;
          accept();
        });
      },
    });
  }

  // --- upstream's members ---

  /** Upstream's members have the key in the query. */
  #receiveWithKey(request: IncomingMessage, socket: Duplex, accept: () => void): void {
    const address = request.socket.remoteAddress ?? "";
    const hangUp = (): void => void socket.destroy();
    const left = (): void => this.#strangers.left(socket);
    socket.on("error", hangUp).on("close", left);
    this.#strangers.came(socket, address, hangUp);
    this.#strangers.examine(socket, address, () => {
      left();
      socket.off("error", hangUp).off("close", left);
      const shown = new URLSearchParams(request.url?.split("?", 2)[1]).get("authKey") ?? undefined;
      if (secretMatches(shown, this.#keys)) return accept();
      this.#strangers.wasWrong(address);
      this.#refuse(request, socket, 401, WRONG_KEY);
    });
  }

  #receiveOther(request: IncomingMessage, socket: Duplex, head: Buffer, offered: readonly string[]): void {
    if (this.#options.others && request.headers["sec-websocket-protocol"] === undefined) {
      this.#options.others(request, socket, head);
      return;
    }
    const reason = `Cannot connect: none of these protocols is known here: ${offered.join(", ") || "none"}`;
    this.#refuse(request, socket, 400, reason);
  }

  #refuse(request: IncomingMessage, socket: Duplex, status: number, reason: string): void {
    this.#options.refused(request, reason);
    refuseUpgrade(socket, status, reason);
  }
}

/** Why whoever sends this request is no member, as the answer says it; undefined if it may be one. */
function refusalOf(
  request: IncomingMessage,
  clientAuth: boolean,
): { readonly status: number; readonly reason: string } | undefined {
  if (request.url?.split("?", 1)[0] !== PATH)
    return { status: 404, reason: `Cannot connect here: use ${PATH}` };
  // Members are no browsers, which say for every WebSocket what page it is of.
  if (request.headers.origin !== undefined)
    return { status: 403, reason: "Cannot connect: web pages (Origin) are no members of the cluster" };
  const trouble = clientAuth ? certificateTrouble(request) : undefined;
  return trouble === undefined ? undefined : { status: 403, reason: `Cannot connect: ${trouble}` };
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

import { CLOSE_CODES } from "../../../protocol/close-codes.ts";
import type { HandshakePacket } from "../../../protocol/packets.ts";
import { dehydrate, fieldOf, InvalidActionError } from "../../../protocol/wire-errors.ts";
import { accept, announce, forget, isBadToken } from "../../auth/authentication.ts";
import type { TokenCheck } from "../../auth/tokens.ts";
import type { Connection } from "../../connection.ts";
import { ask, Blocked } from "../../middleware/middleware.ts";
import type { Pending } from "../dispatch.ts";

/** The first packet of a client: who it is, as far as it has a token. */
export function handshake(connection: Connection, packet: HandshakePacket): Pending {
  const { cid } = packet;
  if (cid === undefined) {
    connection.report(new InvalidActionError("Handshake request was malformatted"));
    connection.close(CLOSE_CODES.handshakeRejected.code);
    return undefined;
  }
  if (connection.state !== "connecting") {
    connection.answerError(cid, new InvalidActionError("The handshake was done already"));
    return undefined;
  }
  connection.handshakeBy = Infinity;
  const { tokens, middleware } = connection.core;
  // Most clients are nobody in particular, and nobody wants to decide about them: nothing is to be waited for.
  if (tokenOf(packet) === null && tokens.isDefault && middleware.handshake === undefined) {
    welcome(connection, packet, cid, undefined);
    return connection.core.turn.over();
  }
  return shake(connection, packet, cid);
}

async function shake(connection: Connection, packet: HandshakePacket, cid: number): Promise<void> {
  const check = await checkToken(connection, tokenOf(packet));
  if (!(await allowed(connection, check, cid))) return;
  const before = connection.auth.state;
  const problem = await accept(connection, check).then(() => undefined, refusal);
  if (isClosed(connection)) return;
  // The token is optional here: to have none is no error.
  const authError = problem !== undefined && check.signedAuthToken !== null ? problem.error : undefined;
  if (isBadToken(authError)) forget(connection);
  welcome(connection, packet, cid, authError);
  await connection.core.turn.over();
  if (connection.auth.token !== null && !isClosed(connection)) announce(connection, before);
}

/**
 * Opens the connection, and says so. Whoever was told of it gets until the turn is over to listen, before more is
 * told of it, or its next packet handled.
 */
function welcome(connection: Connection, packet: HandshakePacket, cid: number, authError: unknown): void {
  open(connection, cid, authError);
  if (isBadToken(authError)) connection.sendPacket({ event: "#removeAuthToken" });
  connection.observer?.invoked({
    connection,
    id: cid,
    procedure: "#handshake",
    data: packet.data,
    answered: true,
  });
}

/** `undefined` and `null` may be thrown too: the wrapper tells them from success. */
function refusal(error: unknown): { readonly error: unknown } {
  return { error };
}

/** What a client gives as a token, unless it is as good as none: `""`, 0, `false` and `null` are what it has without. */
function tokenOf({ authToken }: HandshakePacket): unknown {
  return authToken || null;
}

async function checkToken(connection: Connection, authToken: unknown): Promise<TokenCheck> {
  const { tokens } = connection.core;
  if (!tokens.isDefault) return tokens.check(authToken, connection.core.present(connection));
  return authToken === null ? tokens.missing() : tokens.check(authToken, undefined);
}

async function allowed(connection: Connection, check: TokenCheck, cid: number): Promise<boolean> {
  if (isClosed(connection)) return false;
  const { core, request } = connection;
  const decide = core.middleware.handshake;
  if (decide === undefined) return true;
  const action = { type: "handshakeSC", request, connection, data: check } as const;
  const decision = await ask(core, "handshake", decide, action);
  if (isClosed(connection)) return false;
  if (!(decision instanceof Blocked)) return true;
  const { clientError } = decision;
  const code = statusCodeOf(clientError);
  connection.answerError(cid, clientError);
  connection.close(code);
  return false;
}

/** The code to close with for this reason. Where the reason can have fields and has no code, it is given this one. */
function statusCodeOf(reason: unknown): number {
  const given = fieldOf(reason, "statusCode");
  if (typeof given === "number") return given;
  const { code } = CLOSE_CODES.handshakeRejected;
  if (given == null && typeof reason === "object" && reason !== null) Reflect.set(reason, "statusCode", code);
  return code;
}

function open(connection: Connection, cid: number, authError: unknown): void {
  const { core, id } = connection;
  const { pingTimeout, batchOnHandshake, batchOnHandshakeDuration, batchInterval } = core.options;
  const isAuthenticated = connection.auth.token !== null;
  const status = { id, pingTimeout, isAuthenticated };
  connection.opened();
  connection.answer(cid, authError === undefined ? status : { ...status, authError: dehydrate(authError) });
  if (batchOnHandshake) connection.batching.startFor(batchOnHandshakeDuration, batchInterval);
  core.events.connected?.(connection, authError === undefined ? status : { ...status, authError });
}

/** A function, since the compiler does not know that the state changes while one waits. */
function isClosed(connection: Connection): boolean {
  return connection.state === "closed";
}

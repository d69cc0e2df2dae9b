import { CLOSE_CODES } from "../../../protocol/close-codes.ts";
import type { AuthenticatePacket } from "../../../protocol/packets.ts";
import { dehydrate, InvalidActionError } from "../../../protocol/wire-errors.ts";
import { accept, announce, forget, isBadToken } from "../../auth/authentication.ts";
import type { Connection } from "../../connection.ts";
import type { Pending } from "../dispatch.ts";

/** A client presents a token after its handshake. */
export function authenticate(connection: Connection, packet: AuthenticatePacket): Pending {
  if (packet.cid === undefined) {
    connection.report(new InvalidActionError("Authenticate request was malformatted"));
    connection.close(CLOSE_CODES.handshakeRejected.code);
    return undefined;
  }
  return check(connection, packet.authToken, packet.cid);
}

async function check(connection: Connection, authToken: unknown, cid: number): Promise<void> {
  const { tokens } = connection.core;
  const before = connection.auth.state;
  const presenter = tokens.isDefault ? undefined : connection.core.present(connection);
  const checked = await tokens.check(authToken, presenter);
  try {
    await accept(connection, checked);
    announce(connection, before);
    connection.answer(cid, { isAuthenticated: connection.auth.token !== null, authError: null });
  } catch (error) {
    // Not a failure of ours: the client is told what was wrong with its token.
    refuse(connection, cid, error, checked.signedAuthToken !== null);
  }
  connection.observer?.invoked({
    connection,
    id: cid,
    procedure: "#authenticate",
    data: authToken,
    answered: true,
  });
}

function refuse(connection: Connection, cid: number, error: unknown, hadToken: boolean): void {
  if (isBadToken(error)) {
    forget(connection);
    connection.answerError(cid, error);
    connection.sendPacket({ event: "#removeAuthToken" });
    return;
  }
  const authError = hadToken ? dehydrate(error) : null;
  connection.answer(cid, { isAuthenticated: connection.auth.token !== null, authError });
}

import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import {
  AuthError,
  AuthTokenExpiredError,
  fieldOf,
  InvalidActionError,
  InvalidArgumentsError,
} from "../../protocol/wire-errors.ts";
import type { Connection } from "../connection.ts";
import type { AuthenticationState } from "../middleware/events.ts";
import { ask, Blocked } from "../middleware/middleware.ts";
import { clone } from "./clone.ts";
import type { AuthToken, TokenCheck } from "./tokens.ts";

/** Who a client has shown itself to be. Replaced as a whole, never changed. */
export interface Authentication {
  readonly state: AuthenticationState;
  readonly token: AuthToken | null;
  readonly signedToken: string | null;
}

/** Shared by all who have shown nothing. */
export const UNAUTHENTICATED: Authentication = Object.freeze({
  state: "unauthenticated",
  token: null,
  signedToken: null,
});

export interface SetTokenOptions {
  /** Life of the token, in seconds or as a text such as `10d`. */
  readonly expiresIn?: number | string;
  /** Reject if the client did not confirm that it has the token. */
  readonly rejectOnFailedDelivery?: boolean;
  readonly [jwtOption: string]: unknown;
}

/** Tells who listens that a token counts from now on. */
export function announce(connection: Connection, before: AuthenticationState): void {
  connection.core.events.authenticated?.(connection, before);
}

/**
 * Takes a token that was checked, unless it is bad or middleware blocks it. Announces nothing yet.
 *
 * @throws {TokenError} or whatever middleware blocked it with; the connection is unauthenticated then
 */
export async function accept(connection: Connection, check: TokenCheck): Promise<void> {
  const { signedAuthToken, authToken, authTokenError } = check;
  const { core } = connection;
  if (authTokenError !== null) {
    connection.auth = UNAUTHENTICATED;
    if (signedAuthToken !== null) {
      connection.report(authTokenError);
      if (authTokenError.isBadToken) core.events.badToken?.(connection, authTokenError, signedAuthToken);
    }
    throw authTokenError;
  }
  connection.auth = { state: "authenticated", token: authToken, signedToken: signedAuthToken };
  const decide = core.middleware.inbound;
  if (decide === undefined) return;
  const action = { type: "authenticate", connection, signedAuthToken, authToken } as const;
  const decision = await ask(core, "inbound", decide, action);
  if (!(decision instanceof Blocked)) return;
  connection.auth = UNAUTHENTICATED;
  const error = decision.clientError;
  if (isBadToken(error)) core.events.badToken?.(connection, error, signedAuthToken);
  throw error;
}

/** Whether an error says that the client should forget its token. */
export function isBadToken(error: unknown): boolean {
  return Boolean(fieldOf(error, "isBadToken"));
}

/** Takes the application's word for who the client is, and tells nobody. */
export function assume(connection: Connection, changes: Partial<Authentication>): void {
  connection.auth = { ...connection.auth, ...changes };
}

/** Forgets who the client is, without telling it. */
export function forget(connection: Connection): void {
  const { state, token } = connection.auth;
  connection.auth = UNAUTHENTICATED;
  connection.core.events.deauthenticated?.(connection, state, token);
}

/** Forgets who the client is, and tells it to forget its token. */
export async function deauthenticate(
  connection: Connection,
  options?: { readonly rejectOnFailedDelivery?: boolean } | null,
): Promise<void> {
  forget(connection);
  if (!options?.rejectOnFailedDelivery) {
    // Who has left forgets it by itself, as far as that goes.
    if (connection.state !== "closed") connection.sendPacket({ event: "#removeAuthToken" });
    return;
  }
  // On a connection that is not open the call reports by itself: once is enough.
  const isReported = connection.state !== "open";
  await connection.invoke("#removeAuthToken").catch((error: unknown) => {
    if (!isReported) connection.report(error);
    throw error;
  });
}

/** Deauthenticates if the token's time is up, and says so. */
export function expire(connection: Connection): Error | undefined {
  const token = connection.auth.token;
  if (token === null || !isExpired(token)) return undefined;
  forget(connection);
  connection.sendPacket({ event: "#removeAuthToken" });
  return new AuthTokenExpiredError("The socket auth token has expired", token.exp);
}

/** `exp` is wall-clock time, as everything in a token. */
export function isExpired(token: AuthToken | null): boolean {
  return token?.exp != null && Date.now() > token.exp * 1000;
}

/**
 * Signs a token for the client and gives it to it.
 *
 * @throws if it cannot be signed (the connection is closed with 4002 then), before the handshake, or, if
 *   asked for, if the client does not confirm
 */
export async function setAuthToken(
  connection: Connection,
  data: AuthToken,
  given?: SetTokenOptions | null,
): Promise<void> {
  const { core } = connection;
  const options = given ?? {};
  if (connection.state === "connecting") {
    const error = new InvalidActionError("Cannot call setAuthToken before completing the handshake");
    connection.report(error);
    throw error;
  }
  const token = copyOf(connection, data);
  const before = connection.auth.state;
  const authenticated: Authentication = { state: "authenticated", token, signedToken: null };
  connection.auth = authenticated;
  const signedToken = await sign(connection, token, options);
  // Another token, or none, may have been set meanwhile: the last one counts.
  if (connection.auth === authenticated) {
    connection.auth = { ...authenticated, signedToken };
    core.events.tokenSigned?.(connection, signedToken);
  }
  announce(connection, before);
  if (!options.rejectOnFailedDelivery) {
    connection.transmit("#setAuthToken", { token: signedToken });
    return;
  }
  // Both errors are reported, what went wrong and what that means: upstream's suite wants it so.
  await connection.invoke("#setAuthToken", { token: signedToken }).catch((cause: unknown) => {
    const message = fieldOf(cause, "message");
    const error = new AuthError(
      typeof message === "string"
        ? `Failed to deliver auth token to client - ${message}`
        : "Failed to confirm delivery of auth token to client due to malformatted error response",
    );
    connection.report(error);
    throw error;
  });
}

/** A copy, which the application cannot change afterwards. @throws what its getters throw, which is reported */
function copyOf(connection: Connection, data: AuthToken): AuthToken {
  try {
    return clone(data) as AuthToken;
  } catch (error) {
    connection.report(error);
    throw error;
  }
}

async function sign(connection: Connection, token: AuthToken, options: SetTokenOptions): Promise<string> {
  const { tokens } = connection.core;
  const { rejectOnFailedDelivery: _, expiresIn, algorithm, ...rest } = options;
  if (algorithm != null) {
    connection.report(
      new InvalidArgumentsError(
        "Cannot change auth token algorithm at runtime - It must be specified as a config option on launch",
      ),
    );
  }
  const jwt: Record<string, unknown> = { ...rest, mutatePayload: true };
  // A token with a claim of its own about its end must not be given another.
  if (token?.exp == null) jwt.expiresIn = expiresIn ?? tokens.signatureOptions.expiresIn;
  if (tokens.signatureOptions.algorithm !== undefined) jwt.algorithm = tokens.signatureOptions.algorithm;
  try {
    return await tokens.sign(token, jwt);
  } catch (error) {
    connection.report(error);
    connection.close(CLOSE_CODES.signingFailed.code);
    throw error;
  }
}

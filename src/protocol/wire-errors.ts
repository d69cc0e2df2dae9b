import scErrors from "sc-errors";

/** A class of errors that SocketCluster clients know by its `name`. */
export type WireErrorClass<Args extends unknown[] = []> = new (
  message: string,
  ...more: Partial<Args>
) => Error;

export const AuthError: WireErrorClass = scErrors.AuthError;
export const AuthTokenError: WireErrorClass = scErrors.AuthTokenError;
export const AuthTokenExpiredError: WireErrorClass<[expiry: unknown]> = scErrors.AuthTokenExpiredError;
export const AuthTokenInvalidError: WireErrorClass = scErrors.AuthTokenInvalidError;
export const AuthTokenNotBeforeError: WireErrorClass<[date: unknown]> = scErrors.AuthTokenNotBeforeError;
/** An operation ended with its connection: `type` is `disconnect` or `connectAbort`. */
export const BadConnectionError: WireErrorClass<[type: string, code: number, reason: string]> =
  scErrors.BadConnectionError;
export const BrokerError: WireErrorClass = scErrors.BrokerError;
export const InvalidActionError: WireErrorClass = scErrors.InvalidActionError;
export const InvalidArgumentsError: WireErrorClass = scErrors.InvalidArgumentsError;
export const InvalidMessageError: WireErrorClass = scErrors.InvalidMessageError;
export const InvalidOptionsError: WireErrorClass = scErrors.InvalidOptionsError;
export const ServerProtocolError: WireErrorClass = scErrors.ServerProtocolError;
/** What a client is told when middleware blocks without a reason; `type` is the middleware's line. */
export const SilentMiddlewareBlockedError: WireErrorClass<[type: string]> =
  scErrors.SilentMiddlewareBlockedError;
export const SocketProtocolError: WireErrorClass<[code: number]> = scErrors.SocketProtocolError;
export const TimeoutError: WireErrorClass = scErrors.TimeoutError;

/** Reasons by close code: of closes that count as errors, and of those that do not. */
export const PROTOCOL_ERROR_STATUSES: Readonly<Record<number, string>> = scErrors.socketProtocolErrorStatuses;
export const PROTOCOL_IGNORE_STATUSES: Readonly<Record<number, string>> =
  scErrors.socketProtocolIgnoreStatuses;

/** An error as plain data: its message and own fields; cycles are cut. What is no object is taken as it is. */
export function dehydrate(error: unknown): unknown {
  try {
    return scErrors.dehydrateError(error);
  } catch {
    return { message: "An error that cannot be read" }; // applications block with what they like, also with getters that throw
  }
}

/** A field of what somebody threw, which may be anything; `undefined` where there is none, or it cannot be read. */
export function fieldOf(error: unknown, name: string): unknown {
  try {
    return (error as Record<string, unknown> | null | undefined)?.[name];
  } catch {
    return undefined; // whoever throws it decides what reading it does
  }
}

/** The error that a peer sent, or `null` if it sent none. */
export function hydrate(error: unknown): unknown {
  return scErrors.hydrateError(error);
}

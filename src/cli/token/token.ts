import AuthEngine from "ag-auth";
import { describe } from "../../runtime/log.ts";
import type { Keys } from "./keys.ts";
import { TokenError } from "./token-error.ts";

export interface Wanted {
  readonly payload: Readonly<Record<string, unknown>>;
  /** Seconds; undefined: for ever, or until the payload's own `exp`. */
  readonly expiresIn: number | undefined;
  readonly algorithm: string | undefined;
}

/** @throws {TokenError} if it cannot be signed: payload, key and algorithm do not go together */
export async function makeToken({ payload, expiresIn, algorithm }: Wanted, key: string): Promise<string> {
  const options = {
    ...(expiresIn === undefined ? {} : { expiresIn }),
    ...(algorithm === undefined ? {} : { algorithm }),
  };
  try {
    return await new AuthEngine().signToken(payload, key, options);
  } catch (error) {
    throw new TokenError(`Cannot make the token: ${describe(error)}`);
  }
}

/** What a token says, and what is known of it. */
export interface Inspected {
  readonly header: unknown;
  readonly payload: unknown;
  /** Whether a server with this key takes it now; undefined without a key. */
  readonly valid: boolean | undefined;
  /** Why it is not valid. */
  readonly problem: string | undefined;
  /** ISO times, where it has them. */
  readonly issuedAt: string | undefined;
  readonly notBefore: string | undefined;
  readonly expiresAt: string | undefined;
}

/** @throws {TokenError} if it is no JSON web token at all */
export async function inspectToken(token: string, keys: Keys): Promise<Inspected> {
  const [header, payload] = token.split(".").slice(0, 2).map(part);
  if (token.split(".").length !== 3 || !isObject(header))
    throw new TokenError("Cannot read the token: it is no JSON web token");
  const problem =
    keys.verifying === undefined ? undefined : await problemOf(token, keys.verifying, keys.algorithm);
  const claims = isObject(payload) ? payload : {};
  return {
    header,
    payload,
    valid: keys.verifying === undefined ? undefined : problem === undefined,
    problem,
    issuedAt: time(claims.iat),
    notBefore: time(claims.nbf),
    expiresAt: time(claims.exp),
  };
}

async function problemOf(
  token: string,
  key: string,
  algorithm: string | undefined,
): Promise<string | undefined> {
  try {
    await new AuthEngine().verifyToken(
      token,
      key,
      algorithm === undefined ? {} : { algorithms: [algorithm] },
    );
    return undefined;
  } catch (error) {
    return describe(error);
  }
}

/** A part as JSON; undefined if it is none. */
function part(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Seconds since 1970 as an ISO time. */
function time(seconds: unknown): string | undefined {
  if (typeof seconds !== "number" || Math.abs(seconds) > MAX_SECONDS) return undefined;
  return new Date(seconds * 1000).toISOString();
}

/** Where JavaScript's dates end. */
const MAX_SECONDS = 8.64e12;

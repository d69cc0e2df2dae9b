import { randomBytes } from "node:crypto";
import AuthEngine from "ag-auth";
import {
  AuthTokenError,
  AuthTokenExpiredError,
  AuthTokenInvalidError,
  AuthTokenNotBeforeError,
  InvalidOptionsError,
} from "../protocol/wire-errors.ts";

/** The payload of a token; `exp` is in seconds since 1970. */
export type AuthToken = { exp?: number; [claim: string]: unknown };

/** Makes and checks signed tokens; `ag-auth` (JSON Web Tokens) unless the application brings its own. */
export interface TokenEngine {
  /** Rejects a token that is not good. `null` stands for a client without a token. */
  verifyToken(signedToken: string | null, key: unknown, options: object): Promise<unknown>;
  signToken(token: unknown, key: unknown, options: object): Promise<string>;
}

export interface TokenOptions {
  readonly authKey?: unknown;
  readonly authPrivateKey?: unknown;
  readonly authPublicKey?: unknown;
  /** Life of a token, in seconds. */
  readonly authDefaultExpiry?: number | undefined;
  readonly authAlgorithm?: string | undefined;
  readonly authVerifyAlgorithms?: readonly string[] | undefined;
  readonly authEngine?: TokenEngine | undefined;
}

/** What a token a client presented turned out to be. */
export interface TokenCheck {
  readonly signedAuthToken: string | null;
  readonly authToken: AuthToken | null;
  readonly authState: "authenticated" | "unauthenticated";
  readonly authTokenError: TokenError | null;
}

/** `isBadToken` says that the client should forget the token. */
export type TokenError = Error & { isBadToken: boolean };

const DEFAULT_EXPIRY_S = 86_400;

/** The server's keys and token engine. The keys and the engine may be changed while it runs. */
export class Tokens {
  signatureKey: unknown;
  verificationKey: unknown;
  readonly verificationOptions: { readonly algorithms?: readonly string[] };
  readonly signatureOptions: { readonly expiresIn: number; readonly algorithm?: string };
  #engine: TokenEngine;
  #isDefault: boolean;

  /** @throws {InvalidOptionsError} if only one of the two keys of a pair is given */
  constructor(options: TokenOptions) {
    [this.signatureKey, this.verificationKey] = keys(options);
    const { authAlgorithm: algorithm } = options;
    const algorithms = options.authVerifyAlgorithms ?? (algorithm == null ? undefined : [algorithm]);
    this.verificationOptions = algorithms === undefined ? {} : { algorithms };
    const expiresIn = options.authDefaultExpiry ?? DEFAULT_EXPIRY_S;
    this.signatureOptions = algorithm == null ? { expiresIn } : { expiresIn, algorithm };
    this.#isDefault = options.authEngine == null;
    this.#engine = options.authEngine ?? new AuthEngine();
  }

  get engine(): TokenEngine {
    return this.#engine;
  }

  set engine(engine: TokenEngine) {
    this.#engine = engine;
    this.#isDefault = false;
  }

  /**
   * Whether the engine is our own: it looks at nothing but the token, and knows nobody without one. Another
   * may see that otherwise.
   */
  get isDefault(): boolean {
    return this.#isDefault;
  }

  /** Never rejects. @param socket what the engine is told the token came from */
  async check(presented: unknown, socket: unknown): Promise<TokenCheck> {
    const signedAuthToken = (presented ?? null) as string | null;
    const options = { ...this.verificationOptions, socket };
    try {
      const authToken = await this.#engine.verifyToken(signedAuthToken, this.verificationKey, options);
      return {
        signedAuthToken,
        authToken: (authToken ?? null) as AuthToken | null,
        authState: "authenticated",
        authTokenError: null,
      };
    } catch (error) {
      return rejected(signedAuthToken, tokenError(error));
    }
  }

  /** What `check` says of a client without a token, without asking. */
  missing(): TokenCheck {
    return rejected(null, marked(new AuthTokenInvalidError("jwt must be provided"), true));
  }
}

function rejected(signedAuthToken: string | null, authTokenError: TokenError): TokenCheck {
  return { signedAuthToken, authToken: null, authState: "unauthenticated", authTokenError };
}

function keys(options: TokenOptions): [signature: unknown, verification: unknown] {
  const { authKey, authPrivateKey, authPublicKey } = options;
  if (authPrivateKey == null && authPublicKey == null) {
    const key = authKey ?? randomBytes(32).toString("hex");
    return [key, key];
  }
  if (authPrivateKey == null) {
    throw new InvalidOptionsError(
      "The authPrivateKey option must be specified if authPublicKey is specified",
    );
  }
  if (authPublicKey == null) {
    throw new InvalidOptionsError(
      "The authPublicKey option must be specified if authPrivateKey is specified",
    );
  }
  return [authPrivateKey, authPublicKey];
}

/** The engine's error as the one that clients know. */
function tokenError(error: unknown): TokenError {
  const { name, message, expiredAt, date } = error as {
    name?: string;
    message: string;
    expiredAt?: unknown;
    date?: unknown;
  };
  switch (name) {
    case "TokenExpiredError":
      return marked(new AuthTokenExpiredError(message, expiredAt), true);
    case "JsonWebTokenError":
      return marked(new AuthTokenInvalidError(message), true);
    case "NotBeforeError": // the token is good, only not yet
      return marked(new AuthTokenNotBeforeError(message, date), false);
    default:
      return marked(new AuthTokenError(message), true);
  }
}

function marked(error: Error, isBadToken: boolean): TokenError {
  return Object.assign(error, { isBadToken });
}

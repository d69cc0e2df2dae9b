import { randomBytes } from "node:crypto";
import AuthEngine from "ag-auth";
import {
  AuthTokenError,
  AuthTokenExpiredError,
  AuthTokenInvalidError,
  AuthTokenNotBeforeError,
  fieldOf,
  InvalidOptionsError,
} from "../../protocol/wire-errors.ts";
import { TokenKey } from "./token-key.ts";
import { TrustedTokens, type VerificationOptions } from "./trusted-tokens.ts";

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
  /**
   * Verified tokens that are remembered, so that they need not be verified again; 10,000 by default, 0 for
   * none. They take at most 32 MiB.
   */
  readonly authTokenCacheSize?: number | null | undefined;
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
const DEFAULT_CACHE_SIZE = 10_000;
const CACHE_BYTES = 32 * 1024 * 1024;
const { verifyToken, signToken } = AuthEngine.prototype;

/**
 * The server's keys and token engine. The keys, the engine and what tokens are verified with may be changed
 * while it runs.
 */
export class Tokens {
  signatureKey: unknown;
  verificationKey: unknown;
  signatureOptions: { readonly expiresIn: number; readonly algorithm?: string };
  readonly #cacheSize: number;
  #engine: TokenEngine;
  #isDefault: boolean;
  #verificationOptions: VerificationOptions;
  #trusted: TrustedTokens | undefined;
  #signing: TokenKey | undefined;

  /** @throws {InvalidOptionsError} if only one of the two keys of a pair is given */
  constructor(options: TokenOptions) {
    [this.signatureKey, this.verificationKey] = keys(options);
    const { authAlgorithm: algorithm } = options;
    const algorithms = options.authVerifyAlgorithms ?? (algorithm == null ? undefined : [algorithm]);
    this.#verificationOptions = algorithms === undefined ? {} : { algorithms };
    const expiresIn = options.authDefaultExpiry ?? DEFAULT_EXPIRY_S;
    this.signatureOptions = algorithm == null ? { expiresIn } : { expiresIn, algorithm };
    this.#cacheSize = options.authTokenCacheSize ?? DEFAULT_CACHE_SIZE;
    this.#isDefault = options.authEngine == null;
    this.#engine = options.authEngine ?? new AuthEngine();
  }

  /** What tokens are verified with besides the key. */
  get verificationOptions(): VerificationOptions {
    return this.#verificationOptions;
  }

  set verificationOptions(options: VerificationOptions) {
    this.#verificationOptions = options;
    this.#trusted = undefined; // what was good by the old ones
  }

  get engine(): TokenEngine {
    return this.#engine;
  }

  set engine(engine: TokenEngine) {
    this.#engine = engine;
    this.#isDefault = false;
  }

  /**
   * Whether the engine is the one that comes with it, as it comes: it looks at nothing but the token, and knows
   * nobody without one. Another may see that otherwise.
   */
  get isDefault(): boolean {
    return this.#isDefault && this.#engine.verifyToken === verifyToken;
  }

  /** Never rejects. @param socket what the engine is told the token came from */
  async check(presented: unknown, socket: unknown): Promise<TokenCheck> {
    const signedAuthToken = (presented ?? null) as string | null;
    try {
      const authToken = this.isDefault
        ? await this.#verify(signedAuthToken)
        : await this.#engine.verifyToken(signedAuthToken, this.verificationKey, {
            ...this.verificationOptions,
            socket,
          });
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

  /** Rejects as the engine does. */
  sign(token: unknown, options: object): Promise<string> {
    if (!this.#isDefault || this.#engine.signToken !== signToken) {
      return this.#engine.signToken(token, this.signatureKey, options);
    }
    if (!this.#signing?.isOf(this.signatureKey)) this.#signing = TokenKey.forSigning(this.signatureKey);
    return this.#engine.signToken(token, this.#signing.ready, options);
  }

  /** With the default engine, which is asked only about tokens that are not known to be good. */
  #verify(signedToken: string | null): Promise<unknown> | object {
    if (!this.#trusted?.isUnder(this.verificationKey)) {
      const bounds = { count: this.#cacheSize, bytes: CACHE_BYTES };
      this.#trusted = new TrustedTokens(this.verificationKey, this.verificationOptions, bounds);
    }
    const trusted = this.#trusted;
    const known = typeof signedToken === "string" ? trusted.payloadOf(signedToken) : undefined;
    return known ?? this.#verifyAnew(signedToken, trusted);
  }

  async #verifyAnew(signedToken: string | null, trusted: TrustedTokens): Promise<unknown> {
    const payload = await this.#engine.verifyToken(signedToken, trusted.key.ready, this.verificationOptions);
    if (signedToken !== null) trusted.keep(signedToken, payload);
    return payload;
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
  const message = String(fieldOf(error, "message"));
  switch (fieldOf(error, "name")) {
    case "TokenExpiredError":
      return marked(new AuthTokenExpiredError(message, fieldOf(error, "expiredAt")), true);
    case "JsonWebTokenError":
      return marked(new AuthTokenInvalidError(message), true);
    case "NotBeforeError": // the token is good, only not yet
      return marked(new AuthTokenNotBeforeError(message, fieldOf(error, "date")), false);
    default:
      return marked(new AuthTokenError(message), true);
  }
}

function marked(error: Error, isBadToken: boolean): TokenError {
  return Object.assign(error, { isBadToken });
}

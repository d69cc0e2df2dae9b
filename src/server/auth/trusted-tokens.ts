import { type CacheBounds, TokenCache } from "./token-cache.ts";
import { TokenKey } from "./token-key.ts";

/** What a token is verified with besides the key. */
export interface VerificationOptions {
  readonly algorithms?: readonly string[];
}

/**
 * Tokens that were found good under one key and one list of algorithms. With another key, or other algorithms,
 * none of it counts: whoever changes them gets another of these.
 *
 * Only what a fresh verification would find again is kept. What depends on the time is looked at each time,
 * and a token out of its time is verified anew, so that it is refused in the engine's own words.
 */
export class TrustedTokens {
  readonly key: TokenKey;
  readonly #options: VerificationOptions;
  readonly #algorithms: unknown;
  readonly #cache: TokenCache | undefined;

  constructor(key: unknown, options: VerificationOptions, bounds: CacheBounds) {
    this.key = TokenKey.forVerifying(key);
    this.#options = options;
    this.#algorithms = Array.isArray(options.algorithms) ? [...options.algorithms] : options.algorithms;
    this.#cache = bounds.count > 0 && this.key.isLasting ? new TokenCache(bounds) : undefined;
  }

  /** Whether it is about this key, as it is now, and the algorithms as they are now. */
  isUnder(key: unknown): boolean {
    return this.key.isOf(key) && isSame(this.#algorithms, this.#options.algorithms);
  }

  /** The token's payload, for the caller alone; `undefined` if it has to be verified. */
  payloadOf(signedToken: string): object | undefined {
    if (this.#cache === undefined || !isPlain(this.#options)) return undefined;
    const known = this.#cache.get(signedToken);
    if (known === undefined) return undefined;
    const now = Math.floor(Date.now() / 1000); // as jsonwebtoken counts
    if (now >= known.from && now < known.until) return JSON.parse(known.payload) as object;
    if (now >= known.until) this.#cache.delete(signedToken);
    return undefined;
  }

  /** Keeps a token that has just been verified. */
  keep(signedToken: string, payload: unknown): void {
    if (this.#cache === undefined || !isPlain(this.#options)) return;
    if (typeof payload !== "object" || payload === null) return;
    const { nbf, exp } = payload as { nbf?: unknown; exp?: unknown };
    const from = typeof nbf === "number" ? nbf : -Infinity;
    const until = typeof exp === "number" ? exp : Infinity;
    const [, encoded = ""] = signedToken.split(".", 2);
    this.#cache.set(signedToken, { payload: Buffer.from(encoded, "base64").toString(), from, until });
  }
}

/** Applications may put more into the options (`maxAge`, `audience`): what that means only the engine knows. */
function isPlain(options: object): boolean {
  for (const name in options) if (name !== "algorithms") return false;
  return true;
}

function isSame(before: unknown, now: unknown): boolean {
  if (!Array.isArray(before) || !Array.isArray(now)) return before === now;
  return before.length === now.length && before.every((algorithm, i) => algorithm === now[i]);
}

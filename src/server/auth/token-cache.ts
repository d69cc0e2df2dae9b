/** A token that was found good, as a text that each who asks gets a value of its own from. */
export interface KnownToken {
  /** Its payload, as JSON. */
  readonly payload: string;
  /** From when, and until when, it is good, in seconds since 1970. */
  readonly from: number;
  readonly until: number;
}

export interface CacheBounds {
  /** Tokens kept at most; 0 keeps none. */
  readonly count: number;
  /** Bytes that they take at most. */
  readonly bytes: number;
}

/** What a token takes beside its texts, in bytes: the entry of the map and two headers. */
const ENTRY_SIZE = 200;
/** A token larger than this part of the bytes is not worth those that it would drive out. */
const LARGEST_PART = 64;

/**
 * Tokens by their text. Bounded, whoever shows how many: of two generations, the old one goes when the young
 * one is half of what may be kept, and what is asked for meanwhile moves from one to the other.
 */
export class TokenCache {
  readonly #bounds: CacheBounds;
  #young = new Map<string, KnownToken>();
  #old = new Map<string, KnownToken>();
  #youngBytes = 0;
  #oldBytes = 0;

  constructor(bounds: CacheBounds) {
    this.#bounds = bounds;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** What the tokens take, in bytes, rather too much than too little. */
  get bytes(): number {
    return this.#youngBytes + this.#oldBytes;
  }

  get(signedToken: string): KnownToken | undefined {
    const young = this.#young.get(signedToken);
    if (young !== undefined) return young;
    const old = this.#old.get(signedToken);
    if (old === undefined) return undefined;
    this.#forgetOld(signedToken, old);
    this.set(signedToken, old);
    return old;
  }

  set(signedToken: string, token: KnownToken): void {
    const size = sizeOf(signedToken, token);
    const { count, bytes } = this.#bounds;
    if (count < 1 || size > bytes / LARGEST_PART) return;
    this.delete(signedToken);
    // Each generation has half, so that both together are never too much.
    if (this.#young.size + 1 > Math.max(1, count / 2) || this.#youngBytes + size > bytes / 2) this.#age();
    this.#young.set(signedToken, token);
    this.#youngBytes += size;
    if (this.size > count) this.#dropOld();
  }

  delete(signedToken: string): void {
    const old = this.#old.get(signedToken);
    if (old !== undefined) this.#forgetOld(signedToken, old);
    const young = this.#young.get(signedToken);
    if (young === undefined) return;
    this.#young.delete(signedToken);
    this.#youngBytes -= sizeOf(signedToken, young);
  }

  #forgetOld(signedToken: string, token: KnownToken): void {
    this.#old.delete(signedToken);
    this.#oldBytes -= sizeOf(signedToken, token);
  }

  #age(): void {
    this.#old = this.#young;
    this.#oldBytes = this.#youngBytes;
    this.#young = new Map();
    this.#youngBytes = 0;
  }

  #dropOld(): void {
    this.#old = new Map();
    this.#oldBytes = 0;
  }
}

/** Signed tokens are ASCII; a payload may take two bytes for each character. */
function sizeOf(signedToken: string, { payload }: KnownToken): number {
  return ENTRY_SIZE + signedToken.length + 2 * payload.length;
}

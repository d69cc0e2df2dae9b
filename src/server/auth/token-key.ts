import { createPrivateKey, createPublicKey, createSecretKey, KeyObject } from "node:crypto";

type Material = string | Uint8Array;

/**
 * A key as `ag-auth` takes it, made ready once. Whoever hands it a text lets it look for a certificate in it
 * for each token, which costs forty times what checking the token does.
 */
export class TokenKey {
  /** What to give to the engine: it finds in it what it would find in the key itself. */
  readonly ready: unknown;
  /** Whether two looks at the key find the same; of functions and objects nobody knows. */
  readonly isLasting: boolean;
  readonly #given: unknown;
  /** Bytes may be written over. */
  readonly #bytes: Uint8Array | undefined;

  private constructor(given: unknown, ready: unknown) {
    this.#given = given;
    this.ready = ready;
    this.#bytes = given instanceof Uint8Array ? Uint8Array.from(given) : undefined;
    this.isLasting = isMaterial(given) || given instanceof KeyObject;
  }

  static forSigning(key: unknown): TokenKey {
    return new TokenKey(key, isMaterial(key) ? keyObject(key, createPrivateKey) : key);
  }

  static forVerifying(key: unknown): TokenKey {
    return new TokenKey(key, isMaterial(key) ? keyObject(key, createPublicKey) : key);
  }

  /** Whether it was made of what this key is now. */
  isOf(key: unknown): boolean {
    if (key !== this.#given) return false;
    return this.#bytes === undefined || Buffer.compare(this.#bytes, key as Uint8Array) === 0;
  }
}

function isMaterial(key: unknown): key is Material {
  return (typeof key === "string" && key !== "") || key instanceof Uint8Array;
}

/** As `jsonwebtoken` sees a key: one of a pair if it can be read as such, else a secret. */
function keyObject(key: Material, ofPair: (key: string | Buffer) => KeyObject): KeyObject | Material {
  const given = typeof key === "string" ? key : Buffer.from(key);
  try {
    return ofPair(given);
  } catch {
    // Not one of a pair.
  }
  try {
    return createSecretKey(Buffer.from(key as string));
  } catch {
    return key; // the engine says what is wrong with it
  }
}

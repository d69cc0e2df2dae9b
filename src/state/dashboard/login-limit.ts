import { isIPv6 } from "node:net";

/** Wrong keys in a row that an address may try, and how long until it may try one more, ms. */
const TRIES = 5;
const REFILL_MS = 10_000;
/** The same for all addresses together: whoever has many must not have as many tries. */
const ALL_TRIES = 100;
const ALL_REFILL_MS = 1000;
/** Addresses that are remembered. */
const REMEMBERED = 1000;

interface Bucket {
  tries: number;
  /** When `tries` was right, ms. */
  at: number;
}

/** How often somebody may guess the key. Pure: the time (ms) comes in as an argument. */
export class LoginLimit {
  readonly #byAddress = new Map<string, Bucket>();
  #all: Bucket = { tries: ALL_TRIES, at: 0 };

  /** Addresses remembered now; at most 1000. */
  get size(): number {
    return this.#byAddress.size;
  }

  /** Takes one try. @returns how long to wait for one, ms; 0 if it was there */
  take(address: string, now: number): number {
    const network = networkOf(address);
    const own = refilled(this.#byAddress.get(network), TRIES, REFILL_MS, now);
    this.#all = refilled(this.#all, ALL_TRIES, ALL_REFILL_MS, now);
    this.#byAddress.delete(network);
    this.#byAddress.set(network, own);
    this.#forget();
    if (own.tries < 1) return waitFor(own, REFILL_MS);
    if (this.#all.tries < 1) return waitFor(this.#all, ALL_REFILL_MS);
    own.tries -= 1;
    this.#all.tries -= 1;
    return 0;
  }

  /** The key was right: whoever has it need not guess. */
  succeeded(address: string): void {
    this.#byAddress.delete(networkOf(address));
    this.#all.tries = Math.min(ALL_TRIES, this.#all.tries + 1);
  }

  #forget(): void {
    if (this.#byAddress.size <= REMEMBERED) return;
    // The one that has not tried for longest.
    for (const oldest of this.#byAddress.keys()) {
      this.#byAddress.delete(oldest);
      return;
    }
  }
}

function refilled(bucket: Bucket | undefined, most: number, refillMs: number, now: number): Bucket {
  if (bucket === undefined) return { tries: most, at: now };
  return { tries: Math.min(most, bucket.tries + (now - bucket.at) / refillMs), at: now };
}

function waitFor({ tries }: Bucket, refillMs: number): number {
  return Math.ceil((1 - tries) * refillMs);
}

/** One host of IPv6 has as many addresses as it likes: what counts is its network, the first 64 bits. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = address.match(/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail] = address.split("::", 2);
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  const all = [...groups, ...Array.from({ length: zeros }, () => "0"), ...rest];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}

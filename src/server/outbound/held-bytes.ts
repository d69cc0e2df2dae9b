import type { MemoryLimits } from "../../runtime/memory.ts";

/** What a Buffer that waits costs besides its contents, in bytes: the object, and its place in a queue. */
export const ENTRY_BYTES = 128;

/** Of the memory outside V8's heap, where Buffers are, how much may wait for clients: half. */
const SHARE = 1 / 2;
/** Of all memory, where the heap may take nearly all of it: an eighth. */
const LEAST_SHARE = 1 / 8;

/** Bytes that may wait for all clients of a process together, unless somebody says otherwise. */
export function outboxShare({ heap, total }: MemoryLimits): number {
  return Math.floor(Math.max((total - heap) * SHARE, total * LEAST_SHARE));
}

/**
 * What a server holds in memory for clients that have not taken it yet, over all of them.
 *
 * Clients of one channel wait for the very same frames, so each piece of memory counts once, however many wait
 * for it, and counts whole, however little of it is waited for. Only what waits is counted: a message that the
 * kernel takes at once costs nothing here.
 */
export class HeldBytes {
  /** Bytes that may be held. */
  readonly limit: number;
  readonly #overflowed: () => void;
  readonly #holders = new Map<ArrayBufferLike, number>();
  #bytes = 0;

  /** @param overflowed called with every piece that is held beyond the limit */
  constructor(limit: number, overflowed: () => void) {
    this.limit = limit;
    this.#overflowed = overflowed;
  }

  /** Bytes that are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Somebody waits for these bytes. */
  hold({ buffer }: Buffer): void {
    const holders = this.#holders.get(buffer) ?? 0;
    this.#holders.set(buffer, holders + 1);
    this.#bytes += holders === 0 ? buffer.byteLength + ENTRY_BYTES : ENTRY_BYTES;
    if (this.#bytes > this.limit) this.#overflowed();
  }

  /** Whoever waited for them has taken them, or never will. As often as `hold`. */
  release({ buffer }: Buffer): void {
    const holders = this.#holders.get(buffer);
    if (holders === undefined) return;
    this.#bytes -= ENTRY_BYTES;
    if (holders > 1) this.#holders.set(buffer, holders - 1);
    else {
      this.#holders.delete(buffer);
      this.#bytes -= buffer.byteLength;
    }
  }
}

import { MEBIBYTE } from "../runtime/memory.ts";

/**
 * How a member that holds logs shares V8's heap. Each part is a bound by itself; together they leave room for what comes
 * in between, and for logs that a broker must take over beyond its bound when another one dies.
 */
const SHARES = {
  /** Channels. Of two thirds of them at three brokers, two that are left hold all. */
  channels: 0.4,
  /** Messages in tails; their bytes are not on the heap, and count all the same. */
  tails: 1 / 4,
  /** Publishes that are not held twice yet. */
  unconfirmed: 1 / 8,
  /** Requests that wait for a change of the ring. */
  waiting: 1 / 4,
} as const;

/** What a channel takes on the heap of a broker that owns or follows it, without its messages, bytes, about. */
const CHANNEL_SIZE = 1000;
/** From this many on a change of the ring takes more than a second, whatever the memory is. */
const MOST_CHANNELS = 300_000;
/** Below that not even a test runs. */
const FEWEST_CHANNELS = 1000;
const MOST_BYTES = 256 * MEBIBYTE;

/** What a member may hold by default. */
export interface MemoryBounds {
  readonly channels: number;
  /** Bytes. */
  readonly tails: number;
  /** Bytes. */
  readonly unconfirmed: number;
  /** Bytes. */
  readonly waiting: number;
}

/** What a member may hold that has so large a heap, bytes. */
export function boundsFor(heap: number): MemoryBounds {
  const bytes = (share: number): number => Math.min(MOST_BYTES, Math.floor(heap * share));
  const channels = Math.floor((heap * SHARES.channels) / CHANNEL_SIZE);
  return {
    channels: Math.max(FEWEST_CHANNELS, Math.min(MOST_CHANNELS, channels)),
    tails: bytes(SHARES.tails),
    unconfirmed: bytes(SHARES.unconfirmed),
    waiting: bytes(SHARES.waiting),
  };
}

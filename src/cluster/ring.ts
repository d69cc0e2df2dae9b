import { z } from "zod";
import { compareVersions, NO_VERSION, type RingVersion } from "../pubsub/version.ts";

/** A broker (or keeper) as the ring names it. A new instance at the same URI is another member. */
export interface RingMember {
  /** Where it is reached, such as `ws://10.0.0.7:8888` or `ws://[fd00::7]:8888`. */
  readonly uri: string;
  /** UUID, new at each start of the process. */
  readonly instanceId: string;
}

/** Who owns what: the agreement of the whole cluster. Immutable; a change is a ring with a higher version. */
export interface Ring {
  readonly version: RingVersion;
  /** How channels are placed; only `rendezvous` is known to this release. */
  readonly placement: "rendezvous";
  readonly brokers: readonly RingMember[];
  /** Members that own nothing but keep copies. */
  readonly keepers: readonly RingMember[];
}

/** The ring before there was one: nobody owns anything. */
export const NO_RING: Ring = { version: NO_VERSION, placement: "rendezvous", brokers: [], keepers: [] };

const memberSchema = z.object({ uri: z.string().min(1).max(300), instanceId: z.string().min(1).max(100) });

/** A ring as it comes from another process. */
export const ringSchema: z.ZodType<Ring> = z.object({
  version: z.object({ counter: z.number().int().nonnegative(), stateId: z.string().max(100) }),
  placement: z.literal("rendezvous"),
  brokers: z.array(memberSchema).max(10_000),
  keepers: z.array(memberSchema).max(10_000),
});

export function hasMember(members: readonly RingMember[], instanceId: string): boolean {
  return members.some((member) => member.instanceId === instanceId);
}

export function isNewer(ring: Ring, than: RingVersion): boolean {
  return compareVersions(ring.version, than) > 0;
}

/**
 * Places channels on brokers by rendezvous hashing: a channel's owner is the broker whose URI, mixed with
 * the channel's name, gives the highest number, its follower the second. So a broker more or fewer moves only
 * the channels that it takes or gives. The name is hashed once, whatever the number of brokers.
 */
export class Placement {
  readonly #brokers: readonly RingMember[];
  readonly #hashes: Uint32Array;

  constructor(brokers: readonly RingMember[]) {
    // The order of the list must not matter: of two equal numbers, the first in this order wins.
    this.#brokers = brokers.toSorted((a, b) => (a.uri < b.uri ? -1 : 1));
    this.#hashes = Uint32Array.from(this.#brokers, ({ uri }) => hash(uri));
  }

  /** Who puts the channel's messages in order; undefined when there is no broker. */
  owner(channel: string): RingMember | undefined {
    const hashes = this.#hashes;
    const name = hash(channel);
    let best = -1;
    let bestScore = -1;
    for (let index = 0; index < hashes.length; index++) {
      const score = mix(name ^ (hashes[index] as number));
      if (score > bestScore) {
        bestScore = score;
        best = index;
      }
    }
    return this.#brokers[best];
  }

  /** The brokers of a channel, best first: owner, follower, and so on. */
  ranking(channel: string): RingMember[] {
    const name = hash(channel);
    return this.#brokers
      .map((broker, index) => ({ broker, score: mix(name ^ (this.#hashes[index] as number)) }))
      .toSorted((a, b) => b.score - a.score)
      .map(({ broker }) => broker);
  }
}

/** FNV-1a over UTF-16 code units, 32 bits, then mixed. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return mix(value);
}

/** The finalizer of MurmurHash3 (32 bits): every bit of the input changes half of the output. */
function mix(input: number): number {
  let value = input ^ (input >>> 16);
  value = Math.imul(value, 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

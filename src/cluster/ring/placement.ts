import type { Keeper, Ring, RingMember } from "./ring.ts";
import { simpleSite, skeletonSite } from "./upstream-placement.ts";

/** Says who owns a channel under one ring, and who follows. */
export interface Placement {
  /** Who puts the channel's messages in order; undefined when there is no broker. */
  owner(channel: string): RingMember | undefined;
  /** Who holds the second copy: another broker, or a worker where there is none; undefined where nobody can. */
  follower(channel: string): RingMember | undefined;
}

/** How the channels of a ring are placed. */
export function placementOf(ring: Ring): Placement {
  if (ring.placement === "rendezvous") return new Rendezvous(ring.brokers, ring.keepers);
  return new UpstreamPlacement(ring, ring.placement === "simple" ? simpleSite : skeletonSite);
}

/** The worker that follows where there is one broker only. */
function followingWorker(keepers: readonly Keeper[]): RingMember | undefined {
  return keepers.find(({ role }) => role === "worker");
}

/**
 * Rendezvous hashing: a channel's owner is the broker whose URI, mixed with the channel's name, gives the
 * highest number, its follower the second. So a broker more or fewer moves only the channels that it takes or
 * gives. The name is hashed once, whatever the number of brokers.
 */
export class Rendezvous implements Placement {
  readonly #brokers: readonly RingMember[];
  readonly #hashes: Uint32Array;
  readonly #worker: RingMember | undefined;

  constructor(brokers: readonly RingMember[], keepers: readonly Keeper[] = []) {
    this.#brokers = sorted(brokers);
    this.#worker = followingWorker(keepers);
    this.#hashes = Uint32Array.from(this.#brokers, ({ uri }) => hash(uri));
  }

  owner(channel: string): RingMember | undefined {
    return this.#brokers[this.#best(channel, -1)];
  }

  follower(channel: string): RingMember | undefined {
    if (this.#brokers.length < 2) return this.#brokers.length === 1 ? this.#worker : undefined;
    return this.#brokers[this.#best(channel, this.#best(channel, -1))];
  }

  /** The best broker, leaving one out: another one than the owner, whoever that is. */
  bestBut(channel: string, { instanceId }: RingMember): RingMember | undefined {
    const left = this.#brokers.findIndex((broker) => broker.instanceId === instanceId);
    return this.#brokers[this.#best(channel, left)];
  }

  #best(channel: string, but: number): number {
    const hashes = this.#hashes;
    const name = hash(channel);
    let best = -1;
    let bestScore = -1;
    for (let index = 0; index < hashes.length; index++) {
      const score = mix(name ^ (hashes[index] as number));
      if (score <= bestScore || index === but) continue;
      bestScore = score;
      best = index;
    }
    return best;
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

/** Channels whose upstream place is remembered: finding it takes a digest per broker. */
const REMEMBERED = 65_536;
/** Characters of a name; longer ones would fill the memory. */
const LONGEST_REMEMBERED = 256;

/** Places channels as upstream's workers do. */
class UpstreamPlacement implements Placement {
  readonly #brokers: readonly RingMember[];
  readonly #uris: readonly string[];
  readonly #site: (channel: string, uris: readonly string[]) => number;
  readonly #known = new Map<string, RingMember | undefined>();
  readonly #followers: Rendezvous;

  constructor({ brokers, keepers }: Ring, site: (channel: string, uris: readonly string[]) => number) {
    this.#followers = new Rendezvous(brokers, keepers);
    this.#brokers = sorted(brokers);
    this.#uris = this.#brokers.map(({ uri }) => uri);
    this.#site = site;
  }

  owner(channel: string): RingMember | undefined {
    if (this.#known.has(channel)) return this.#known.get(channel);
    const owner = this.#brokers[this.#site(channel, this.#uris)];
    if (channel.length > LONGEST_REMEMBERED) return owner;
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(channel, owner);
    return owner;
  }

  /** Upstream knows no followers: ours may be any other broker. */
  follower(channel: string): RingMember | undefined {
    const owner = this.owner(channel);
    if (owner === undefined || this.#brokers.length < 2) return this.#followers.follower(channel);
    return this.#followers.bestBut(channel, owner);
  }
}

/** In an order that everybody has, whoever made the list. */
function sorted(brokers: readonly RingMember[]): readonly RingMember[] {
  return brokers.toSorted((a, b) => (a.uri < b.uri ? -1 : 1));
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

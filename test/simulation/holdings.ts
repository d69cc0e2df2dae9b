import type { HeldLogs } from "../../src/cluster/replica/held-logs.ts";
import { type Placement, placementOf } from "../../src/cluster/ring/placement.ts";
import { hasMember, isNewer, membersOf, NO_RING, type Ring } from "../../src/cluster/ring/ring.ts";
import type { ChannelLog } from "../../src/pubsub/channel-log.ts";
import { compareVersions, formatVersion, type RingVersion } from "../../src/pubsub/version.ts";
import type { Checker } from "./checker.ts";
import type { Scheduler } from "./scheduler.ts";
import type { OwnerSaid } from "./truth.ts";
import type { Inspect } from "./world.ts";

/** A ring that somebody held, and where it places channels. */
export interface KnownRing {
  readonly ring: Ring;
  readonly placement: Placement;
}

/** Who holds what, and which rings there are, as checkers ask for it. */
export interface Holds {
  /** Ms of the world's time. */
  readonly now: number;
  ring(version: RingVersion): KnownRing | undefined;
  /** Whether the newest ring that anybody held has this broker. */
  isListed(instanceId: string): boolean;
  /** When a process came to the ring that it is at, ms. */
  heldSince(life: string): number;
  /**
   * The log that a member holds of a channel; null: none. Undefined if nobody who runs is this instance, or it has since
   * this ring been at one that does not list it, and let go of what it held.
   */
  log(instanceId: string, channel: string, under: RingVersion): ChannelLog | null | undefined;
}

/** The longest turn of a process, ms. */
export const TURN_MS = 1;

/**
 * Whether it may have been due under an older ring: confirmations are counted, and go out at the end of a turn in which
 * their owner may have come to another ring.
 */
export function mayBeOlder({ by, place }: OwnerSaid, holds: Holds): boolean {
  return place === undefined && holds.now - holds.heldSince(by) <= TURN_MS;
}

/** What the members of a world hold, in their real tables, and all rings that any of them ever held. */
export class Holdings implements Holds, Checker {
  readonly invariant = 4;
  readonly #world: Inspect & { readonly scheduler: Scheduler };
  readonly #rings = new Map<string, KnownRing>();
  readonly #since = new Map<string, number>();
  /** The newest ring that each member was at and not in. */
  readonly #dismissed = new Map<string, RingVersion>();
  #newest = NO_RING;

  constructor(world: Inspect & { readonly scheduler: Scheduler }) {
    this.#world = world;
  }

  get now(): number {
    return this.#world.scheduler.now;
  }

  ringHeld(life: string, ring: Ring): void {
    this.#since.set(life, this.now);
    const { brokers, workers } = this.#world;
    const instanceId =
      brokers.find((broker) => broker.life === life)?.service.instanceId ??
      workers.find((worker) => worker.life === life)?.instanceId;
    if (instanceId !== undefined && !hasMember(membersOf(ring), instanceId))
      this.#dismissed.set(instanceId, ring.version);
    const key = formatVersion(ring.version);
    if (!this.#rings.has(key)) this.#rings.set(key, { ring, placement: placementOf(ring) });
    if (isNewer(ring, this.#newest.version)) this.#newest = ring;
  }

  ring(version: RingVersion): KnownRing | undefined {
    return this.#rings.get(formatVersion(version));
  }

  isListed(instanceId: string): boolean {
    return hasMember(membersOf(this.#newest), instanceId);
  }

  heldSince(life: string): number {
    return this.#since.get(life) ?? -Infinity;
  }

  log(instanceId: string, channel: string, under: RingVersion): ChannelLog | null | undefined {
    const dismissed = this.#dismissed.get(instanceId);
    if (dismissed !== undefined && compareVersions(dismissed, under) > 0) return undefined;
    const held = this.#memberOf(instanceId)?.held;
    return held === undefined ? undefined : (held.find(channel)?.log ?? null);
  }

  #memberOf(instanceId: string): { readonly life: string; readonly held: HeldLogs } | undefined {
    const { brokers, workers } = this.#world;
    const broker = brokers.find(({ service }) => service.instanceId === instanceId);
    return broker
      ? { life: broker.life, held: broker.service.held }
      : workers.find((worker) => worker.instanceId === instanceId);
  }
}

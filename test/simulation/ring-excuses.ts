import {
  followerOf,
  hasMember,
  isNewer,
  membersOf,
  NO_RING,
  type Ring,
} from "../../src/cluster/ring/ring.ts";
import { compareVersions, type RingVersion } from "../../src/pubsub/version.ts";
import type { Checker, RingMade } from "./checker.ts";
import type { Ledger } from "./ledger.ts";
import type { ConfirmSaid } from "./truth.ts";
import type { Inspect } from "./world.ts";

/** What is promised of one cluster: one log for each channel, which nobody misses. */
const OF_ONE_CLUSTER = new Set([3, 4, 5, 6, 7, 10]);

/** Who would hold the second copies, if there were anybody. */
const THE_OTHER = "whoever might have followed";

/** Whether nobody but the only broker holds anything, once `but` is no more. */
function isAlone({ brokers, keepers }: Ring, but?: string): boolean {
  return brokers.length === 1 && keepers.every(({ instanceId }) => instanceId === but);
}

/**
 * What rings excuse. Who is removed by others loses its copies as if it had failed, and who is taken in although it
 * does not live has failed. And with two scc-states, each of which only some of the members reach, there may be two
 * clusters at a time, of which only one keeps what it had.
 */
export class RingExcuses implements Checker {
  readonly invariant = 10;
  readonly #world: Inspect & { readonly ledger: Ledger };
  readonly #maySplit: boolean;
  readonly #lost = new Set<string>();
  #latest = NO_RING;
  readonly #lossy: RingVersion[] = [];
  readonly #makers = new Map<number, string>();
  /** By instance, the lives of those that are no more. */
  readonly #ended = new Map<string, string>();
  #wereTwo = false;
  /** Whether what the only broker holds has not been held twice since it was left alone with it. */
  #isAlone = false;

  /** @param maySplit whether the network may part members from one scc-state and not from another */
  constructor(world: Inspect & { readonly ledger: Ledger }, maySplit: boolean) {
    this.#world = world;
    this.#maySplit = maySplit;
  }

  /** Whether subscribers may be told of gaps now. */
  get mayGap(): boolean {
    return this.#world.ledger.mayGap || this.#world.states.length > 1;
  }

  /** Whether more had failed than copies bear when this ring was made, or one before it and after another. */
  wasLossy(version: RingVersion, after: RingVersion = NO_RING.version): boolean {
    return this.#lossy.some(
      (lossy) => compareVersions(lossy, version) <= 0 && compareVersions(lossy, after) > 0,
    );
  }

  /**
   * A member that goes though it is listed leaves one copy fewer: a broker as the last one or without a scc-state, a
   * worker that follows the only broker when scc-state is away for too long to name another.
   */
  memberEnded(instanceId: string, life: string): void {
    this.#ended.set(instanceId, life);
    if (isAlone(this.#latest, instanceId)) this.#isAlone = true;
    if (!hasMember(this.#latest.brokers, instanceId)) return;
    this.#world.ledger.failed(life);
    if (this.#isAlone) this.#world.ledger.failed(THE_OTHER);
  }

  /** All live members are at one settled ring, and everything is held twice. */
  settled(): void {
    this.#isAlone = false;
  }

  /** Whether a message was confirmed by an owner and a follower who were both given up, and did not know it yet. */
  isLost(text: string): boolean {
    return this.#lost.has(text);
  }

  /** Where two scc-states made rings side by side, and members were parted, a log may have gone on twice. */
  excuses(invariant: number): boolean {
    return this.#wereTwo && OF_ONE_CLUSTER.has(invariant);
  }

  ringHeld(_life: string, ring: Ring): void {
    if (isNewer(ring, this.#latest.version)) this.#latest = ring;
    if (isAlone(this.#latest)) this.#isAlone = true;
    const { counter, stateId } = ring.version;
    const maker = this.#makers.get(counter) ?? stateId;
    this.#makers.set(counter, maker);
    if (maker !== stateId && (counter === 1 || this.#maySplit)) this.#wereTwo = true;
  }

  confirmSaid({ by, channel, text }: ConfirmSaid): void {
    const owner = this.#world.brokers.find(({ process }) => process.name === by);
    if (owner === undefined) return;
    const { instanceId, ring } = owner.service;
    const isGone = (id: string | undefined): boolean =>
      id === undefined || !hasMember(membersOf(this.#latest), id);
    if (isGone(instanceId) && isGone(ring.placement.follower(channel)?.instanceId)) this.#lost.add(text);
  }

  ringMade({ ring, before }: RingMade): void {
    if (isNewer(ring, this.#latest.version)) this.#latest = ring;
    const { ledger, brokers, workers } = this.#world;
    const members = membersOf(ring);
    // Until all is where it belongs, whoever keeps copies is needed.
    const owners = brokers.filter(({ service }) => hasMember(before.brokers, service.instanceId));
    const isSettled = owners.every(
      ({ service }) =>
        service.owner.handover.isSettled && compareVersions(service.ring.version, before.version) === 0,
    );
    const copies = [...before.brokers, ...(isSettled ? [followerOf(before)] : before.keepers)].flatMap(
      (member) => member ?? [],
    );
    const removed = copies.filter(({ instanceId }) => !hasMember(members, instanceId));
    for (const { service, process } of brokers)
      if (hasMember(removed, service.instanceId)) ledger.failed(process.name);
    for (const { instanceId, process } of workers)
      if (hasMember(removed, instanceId)) ledger.failed(process.name);
    if (isAlone(before)) this.#isAlone = true;
    if (this.#isAlone && hasMember(removed, before.brokers[0]?.instanceId ?? "")) ledger.failed(THE_OTHER);
    this.#takenInDead(ring);
    if (this.mayGap) this.#lossy.push(ring.version);
  }
  /** Who is to hold copies under a ring, and was no more when scc-state made it, has failed. */
  #takenInDead(ring: Ring): void {
    const { ledger, brokers, workers } = this.#world;
    const live = new Set([
      ...brokers.map(({ service }) => service.instanceId),
      ...workers.map(({ instanceId }) => instanceId),
    ]);
    for (const { instanceId } of [...ring.brokers, ...[followerOf(ring)].flatMap((keeper) => keeper ?? [])])
      if (!live.has(instanceId)) ledger.failed(this.#ended.get(instanceId) ?? instanceId);
  }
}

import type { Port } from "../../cluster/peer/port.ts";
import type { CurrentRing } from "../../cluster/ring/current-ring.ts";
import { followerOf, hasMember } from "../../cluster/ring/ring.ts";
import type { Owner } from "../owner/owner.ts";

/** Who sent a canary, and is told what becomes of it. */
export interface CanarySender {
  /** A follower holds it. */
  tellHeld(number: number): void;
  /** It waits for another member, not for this broker. */
  tellWaits(number: number): void;
}

export interface CanariesOptions {
  readonly instanceId: string;
  readonly ring: CurrentRing;
  readonly owner: Owner;
  /** The connection to a member, if there is one. */
  readonly portOf: (instanceId: string) => Port | undefined;
}

interface Canary {
  readonly number: number;
  isOnItsWay: boolean;
  isExcused: boolean;
}

/** Ticks of a second in which a follower acknowledges nothing of what it was told, after which it counts as unusable. */
const STALLED_TICKS = 4;
/** Ticks in which a member that adopted the ring does not say what it holds. Offering many logs takes a while. */
const MISSING_TICKS = 10;

/**
 * A broker's side of canaries. Each goes the way of a message, to the owner and behind all copies to a follower, each
 * time to the next one, and is answered when it is held twice; but it belongs to no channel, and is kept nowhere.
 *
 * A canary that does not get through is not always this broker's fault. Whom it waits for is known here and nowhere
 * else: the worker is told that somebody else is to blame, and this broker accuses who it is. Bounded by the links:
 * of each the newest one counts. Pure.
 */
export class Canaries {
  readonly #options: CanariesOptions;
  readonly #waiting = new Map<CanarySender, Canary>();
  /** Whose turn it is to hold the next one. */
  #turn = 0;
  #ticks = 0;

  constructor(options: CanariesOptions) {
    this.#options = options;
  }

  /** Members of the ring that keep this broker from serving, though there is a connection. */
  get accused(): string[] {
    const { owner, portOf } = this.#options;
    const stalled = [...owner.streams.values()]
      .filter(({ stalledTicks }) => stalledTicks >= STALLED_TICKS)
      .map(({ followerId }) => followerId);
    if (this.#ticks < MISSING_TICKS) return stalled;
    return [...stalled, ...[...owner.handover.missing].filter((id) => portOf(id)?.linkRing.isSame)];
  }

  /** A canary came. It waits, like a message, while nothing is served. */
  came(from: CanarySender, number: number): void {
    const canary = { number, isOnItsWay: false, isExcused: false };
    this.#waiting.set(from, canary);
    this.#send(from, canary);
  }

  /** The link of a sender has ended. */
  left(from: CanarySender): void {
    this.#waiting.delete(from);
  }

  /** A ring was adopted here: whoever wants to know asks again under it. */
  adopted(): void {
    this.#waiting.clear();
    this.#ticks = 0;
  }

  /** Members have said what they hold: perhaps it was the last of them. */
  review(): void {
    if (!this.#options.owner.handover.isComplete) return;
    for (const [from, canary] of this.#waiting) if (!canary.isOnItsWay) this.#send(from, canary);
  }

  /** To be called every second. */
  tick(): void {
    this.#ticks += 1;
    for (const stream of this.#options.owner.streams.values()) stream.tick();
    for (const [from, canary] of this.#waiting) {
      if (canary.isExcused || !this.#isForOthers(canary)) continue;
      canary.isExcused = true;
      from.tellWaits(canary.number);
    }
  }

  /** Whether this broker has done its part: it waits for a follower, or for somebody who has not offered yet. */
  #isForOthers({ isOnItsWay }: Canary): boolean {
    return isOnItsWay || !this.#options.owner.handover.isComplete;
  }

  #send(from: CanarySender, canary: Canary): void {
    const { owner, ring, instanceId } = this.#options;
    if (!owner.handover.isComplete || !hasMember(ring.ring.brokers, instanceId)) return;
    canary.isOnItsWay = true;
    const held = (): void => {
      if (this.#waiting.get(from) !== canary) return;
      this.#waiting.delete(from);
      from.tellHeld(canary.number);
    };
    const followerId = this.#nextFollower();
    if (followerId === undefined) held();
    else owner.streamTo(followerId).canary(held);
  }

  #nextFollower(): string | undefined {
    const { ring, instanceId } = this.#options;
    const others = ring.ring.brokers.filter((broker) => broker.instanceId !== instanceId);
    this.#turn += 1;
    return (others[this.#turn % others.length] ?? followerOf(ring.ring))?.instanceId;
  }
}

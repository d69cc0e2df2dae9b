import type { PlacementKind, Ring } from "../../cluster/ring/ring.ts";

/** How long after the first ring upstream's workers may take to connect to its brokers, ms. */
const CONNECT_MS = 10_000;

/**
 * Whether workers of upstream's are or may be here, and how channels are to be placed for them.
 *
 * What a process says of itself at scc-state costs it nothing: that it is a worker counts once brokers have connections
 * of such workers, as each has one with every broker. Pure: time is handed in.
 */
export class UpstreamPresence {
  readonly placement: PlacementKind;
  readonly #grace: number;
  readonly #isListed: (instanceId: string) => boolean;
  /** When the last one was here, or may still have been on its way back to a restarted scc-state. */
  #seenAt: number;
  /** Those that have registered, by instance. */
  readonly #registered = new Set<string>();
  /** What brokers say: how many connections each has of them. */
  readonly #connections = new Map<string, number>();

  /**
   * @param placement how they place channels
   * @param grace how long they are waited for when the last one has gone, ms: it may only be restarting
   * @param expectedUntil until when they may find their way to a scc-state that has just started
   * @param isListed whether a broker is in the ring: others may say what they like
   */
  constructor(
    placement: PlacementKind,
    grace: number,
    expectedUntil: number,
    isListed: (instanceId: string) => boolean,
  ) {
    this.#isListed = isListed;
    this.placement = placement;
    this.#grace = grace;
    this.#seenAt = expectedUntil;
  }

  /** One of them has registered. */
  came(instanceId: string): void {
    this.#registered.add(instanceId);
  }

  /** A broker says how many connections of theirs it has. */
  connected(instanceId: string, connections: number, now: number): void {
    const before = this.isHere;
    this.#connections.set(instanceId, connections);
    if (before && !this.isHere) this.#seenAt = Math.max(this.#seenAt, now);
  }

  /** Any member is here no more: one of them, or a broker. */
  gone(instanceId: string, now: number): void {
    const before = this.isHere;
    this.#registered.delete(instanceId);
    this.#connections.delete(instanceId);
    if (before) this.#seenAt = Math.max(this.#seenAt, now);
  }

  /**
   * The most connections that a broker has of them: so many of those that registered are real at most.
   * Undefined while none of the ring's has said it yet.
   */
  get connections(): number | undefined {
    const listed = [...this.#connections].filter(([instanceId]) => this.#isListed(instanceId));
    return listed.length === 0 ? undefined : Math.max(...listed.map(([, connections]) => connections));
  }

  /** Whether some of them are here, and brokers confirm it. */
  get isHere(): boolean {
    return this.#registered.size > 0 && (this.connections ?? 0) > 0;
  }

  /** Whether they may be told this ring's brokers; where it is to follow once they are confirmed, they may. */
  suits({ placement, brokers }: Ring, isSettled: boolean): boolean {
    if (placement === "rendezvous") return brokers.length > 0 && !this.isHere;
    return placement === this.placement && isSettled;
  }

  /** When they are given up, if none comes. */
  get goneAt(): number {
    return this.#seenAt + this.#grace;
  }

  /** @param ring until now. The first one is theirs if any has come: nothing has to be moved, and they find it so */
  placementDue({ placement: current, brokers }: Ring, now: number): PlacementKind {
    const isFirst = brokers.length === 0 && this.#registered.size > 0;
    if (isFirst || this.isHere) {
      this.#seenAt = Math.max(this.#seenAt, isFirst ? now + CONNECT_MS : now);
      return this.placement;
    }
    return now >= this.goneAt ? "rendezvous" : current;
  }
}

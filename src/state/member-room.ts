/** Members of all kinds, at one scc-state. */
const MOST_MEMBERS = 5000;
/** Workers of upstream's among them. */
const MOST_UPSTREAM = 1000;
/** Workers of upstream's that may register beyond those that brokers have connections of: they connect next. */
const MOST_UNCONFIRMED = 50;
/** Of these, from one address: whoever has only one must not keep all others out. */
const MOST_FROM_ONE_ADDRESS = 25;

/** A process that wants to register, as one of upstream's workers. */
export interface Newcomer {
  readonly instanceId: string;
  /** Where its connection comes from. */
  readonly address: string;
}

/**
 * How many members one scc-state takes: what each is told grows with the number of all of them, and whoever may
 * register can do so again and again. Pure.
 */
export class MemberRoom {
  /** Addresses of upstream's workers, by instance. */
  readonly #upstream = new Map<string, string>();

  /** Why no further member is taken; undefined if one is. @param members those that are here */
  refusal(members: number): string | undefined {
    if (members < MOST_MEMBERS) return undefined;
    return `Cannot register: ${MOST_MEMBERS} members are here already`;
  }

  /**
   * Takes one of upstream's workers in.
   *
   * @param members that are here
   * @param connections that the brokers have of such workers; undefined if they do not say
   * @returns why not, if it is not taken
   */
  takeUpstream(newcomer: Newcomer, members: number, connections = MOST_UPSTREAM): string | undefined {
    const refusal = this.refusal(members) ?? this.#upstreamRefusal(newcomer, connections);
    if (refusal === undefined) this.#upstream.set(newcomer.instanceId, newcomer.address);
    return refusal;
  }

  /** Any member has gone. */
  gone(instanceId: string): void {
    this.#upstream.delete(instanceId);
  }

  #upstreamRefusal({ instanceId, address }: Newcomer, connections: number): string | undefined {
    if (this.#upstream.has(instanceId)) return undefined;
    if (this.#upstream.size >= MOST_UPSTREAM)
      return `Cannot register: ${MOST_UPSTREAM} of upstream's workers are here already`;
    const isFull =
      this.#upstream.size >= connections + MOST_UNCONFIRMED ||
      this.#countAt(address) >= connections + MOST_FROM_ONE_ADDRESS;
    return isFull
      ? "Cannot register now: too many of upstream's workers have registered and are not connected with the brokers"
      : undefined;
  }

  #countAt(address: string): number {
    let count = 0;
    for (const each of this.#upstream.values()) if (each === address) count += 1;
    return count;
  }
}

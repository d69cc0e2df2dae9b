/** How long all brokers must be away until the ring is given up, ms: who is only cut off has come back by then. */
export const FORSAKEN_MS = 10_000;

/** Members of the ring that are not here, and what scc-state found out about them. Pure: the time comes in as an argument. */
export class Absences {
  readonly #grace: number;
  /** Since when, ms; -Infinity where it is known that nobody is there. */
  readonly #since = new Map<string, number>();
  /** Those that were heard before, and where nobody listens any more. */
  readonly #gone = new Set<string>();

  /** @param grace how long a member may be away before that counts against it, ms */
  constructor(grace: number) {
    this.#grace = grace;
  }

  /** Members where nobody is any more: they need no grace. */
  get gone(): ReadonlySet<string> {
    return this.#gone;
  }

  has(instanceId: string): boolean {
    return this.#since.has(instanceId);
  }

  /** The connection to it broke. */
  lost(instanceId: string, now: number): void {
    this.#since.set(instanceId, now);
  }

  /** It is back, or said goodbye. */
  ended(instanceId: string): void {
    this.#since.delete(instanceId);
    this.#gone.delete(instanceId);
  }

  /** It does not answer at its address: it may be out of this process's reach. */
  silent(instanceId: string, now: number): void {
    if (!this.#since.has(instanceId)) this.#since.set(instanceId, now);
  }

  /** It answers at its address: it lives, and talks with another scc-state or is on its way. */
  answered(instanceId: string): void {
    if (!this.#gone.has(instanceId)) this.#since.delete(instanceId);
  }

  /**
   * Nobody answers any more at its address, or somebody else does. Who was heard before is gone for certain; who was
   * not may only be out of this process's reach.
   */
  unreachable(instanceId: string): void {
    if (this.#since.has(instanceId)) this.#gone.add(instanceId);
    this.#since.set(instanceId, -Infinity);
  }

  /** It has left, or another instance is at its address: whether its own connection has ended yet or not. */
  replaced(instanceId: string): void {
    this.#gone.add(instanceId);
    this.#since.set(instanceId, -Infinity);
  }

  /** Whether it has been away for longer than it needs to come back: all are for a moment when scc-state stood still. */
  isLong(instanceId: string, now: number): boolean {
    const since = this.#since.get(instanceId);
    return since !== undefined && now - since >= this.#grace;
  }

  /** Whether it has been away for so long that it is not waited for where there is no other. */
  isForsaken(instanceId: string, now: number): boolean {
    const since = this.#since.get(instanceId);
    return since !== undefined && now - since >= FORSAKEN_MS;
  }

  /** All that have been away for so long. */
  long(now: number): string[] {
    return [...this.#since.keys()].filter((instanceId) => this.isLong(instanceId, now));
  }

  /** When each of them will have been away for that long, ms. */
  get dueAt(): number[] {
    return [...this.#since.values()].flatMap((since) => [since + this.#grace, since + FORSAKEN_MS]);
  }

  /** Forgets all but these. */
  keepOnly(listed: ReadonlySet<string>): void {
    for (const instanceId of this.#gone) if (!listed.has(instanceId)) this.#gone.delete(instanceId);
    for (const instanceId of this.#since.keys()) if (!listed.has(instanceId)) this.#since.delete(instanceId);
  }
}

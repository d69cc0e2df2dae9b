import type { RingMember } from "../../src/cluster/ring/ring.ts";
import type { Process } from "./process.ts";

/** How long after its end a fault may still make others give up its victim, ms. */
const AFTERMATH_MS = 8000;
/** How long after a ring has settled it may take until the last worker is told what was lost before, ms. */
const TELLING_MS = 3000;
/** How long a connection is left alone after a fault that should cost nobody his place, ms. */
const RECOVERY_MS = 5000;

/**
 * What was done to a world, as far as it excuses what members do: which brokers there was a reason to remove,
 * and how many processes failed since all had come to rest.
 */
export class Ledger {
  readonly #now: () => number;
  readonly #trace: ((line: string) => void) | undefined;
  readonly #gone = new Set<string>();
  readonly #blamedUntil = new Map<string, number>();
  /** Until when, by host and by who may complain of it. */
  readonly #reproachedUntil = new Map<string, Map<string, number>>();
  readonly #troubledUntil = new Map<string, number>();
  readonly #failed = new Set<string>();
  #toldUntil = 0;

  /**
   * @param now ms of the world's time
   * @param trace takes a line about each that failed, and when that is made good
   */
  constructor(now: () => number, trace?: (line: string) => void) {
    this.#now = now;
    this.#trace = trace;
  }

  /** This instance is no more, or wants to leave. */
  gone(instanceId: string): void {
    this.#gone.add(instanceId);
  }

  /** For so long, ms, and for a while after that, others may find that they cannot use who is at this host. */
  blame({ host }: Process, ms: number): void {
    const until = this.#now() + ms + AFTERMATH_MS;
    this.#blamedUntil.set(host, Math.max(until, this.#blamedUntil.get(host) ?? 0));
  }

  /**
   * For so long, ms, one member may find that it cannot use who is at this host. That alone is no reason to give it up;
   * that another finds so at the same time is.
   */
  reproach(process: Process, by: Process, ms: number): void {
    const now = this.#now();
    const complaints = this.#reproachedUntil.get(process.host) ?? new Map<string, number>();
    this.#reproachedUntil.set(process.host, complaints);
    complaints.set(by.host, Math.max(complaints.get(by.host) ?? 0, now + ms + AFTERMATH_MS));
    const current = [...complaints.values()].filter((until) => until > now);
    if (current.length > 1) this.blame(process, ms);
  }

  /** Whether there is no reason to take a broker out of the ring. */
  isBlameless({ uri, instanceId }: RingMember): boolean {
    return !this.#gone.has(instanceId) && this.#now() > (this.#blamedUntil.get(new URL(uri).hostname) ?? 0);
  }

  /**
   * Whether two processes had no trouble with their connection for a while; if so they have some now. One fault
   * after the other on one connection lets a member wait for longer than its grace before it dials again.
   */
  mayTrouble(a: Process, b: Process): boolean {
    const pair = `${a.host} ${b.host}`;
    if (this.#now() < (this.#troubledUntil.get(pair) ?? 0)) return false;
    this.#troubledUntil.set(pair, this.#now() + RECOVERY_MS);
    return true;
  }

  /** A process that may have held a copy of something failed. */
  failed(life: string): void {
    this.#trace?.(`FAILED ${life}`);
    this.#failed.add(life);
  }

  /** All live members are at one settled ring: what failed before then is made good. */
  settled(): void {
    if (this.#failed.size > 0) this.#trace?.("all that failed is made good");
    if (this.#failed.size > 1) this.#toldUntil = this.#now() + TELLING_MS;
    this.#failed.clear();
  }

  /** Whether subscribers may have to be told of a gap: more than one process failed before a ring settled. */
  get mayGap(): boolean {
    return this.#failed.size > 1 || this.#now() < this.#toldUntil;
  }
}

import { Budgets } from "../runtime/budgets.ts";
import type { Clock, Timer } from "../runtime/clock.ts";
import { attempt, FAULT } from "../runtime/contain.ts";
import { givesWay } from "../runtime/gives-way.ts";
import { networkOf } from "../runtime/network.ts";

/** How long somebody may take to prove that it holds the key, ms. */
const PROVE_MS = 5000;
/**
 * Connections at a time that have proved nothing. One more ends the oldest of the network that most of them come from: who
 * has the key needs some milliseconds.
 */
const MOST = 1000;
/** Wrong keys that an address may show before it is answered late, and how long until it may show one more, ms. */
const TRIES = { most: 20, refillMs: 1000, remembered: 1000 };
/**
 * How late it is answered then, ms. Late only: who shares its address and has the key must still come in, and sooner than a
 * lost link counts against a broker (1 s).
 */
const LATE_MS = 250;

interface Stranger {
  readonly address: string;
  readonly timer: Timer;
  readonly drop: (reason: string) => void;
}

/**
 * Those who have connected and not proved yet that they hold the key: how many, for how long, and how often they may
 * be wrong.
 */
export class Strangers {
  readonly #clock: Clock;
  readonly #here = new Map<object, Stranger>();
  readonly #tries = new Budgets(TRIES);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#here.size;
  }

  /** @param drop ends its connection: it took too long, or too many came after it */
  came(stranger: object, address: string, drop: (reason: string) => void): void {
    const timer = this.#clock.after(PROVE_MS, () => this.#drop(stranger, "no proof of the key in time"));
    this.#here.set(stranger, { address, timer, drop });
    if (this.#here.size > MOST) this.makeRoom();
  }

  /** Ends the connection of one of them. @returns whether there was one */
  makeRoom(): boolean {
    const first = givesWay([...this.#here], ([, { address }]) => networkOf(address));
    if (first !== undefined) this.#drop(first[0], "too many connect without the key");
    return first !== undefined;
  }

  /** It is none any more: it has proved that it holds the key, or has gone. */
  left(stranger: object): void {
    this.#here.get(stranger)?.timer.cancel();
    this.#here.delete(stranger);
  }

  /** Has what a stranger shows looked at: now, or in a second where its address was wrong too often of late. */
  examine(stranger: object, address: string, look: () => void): void {
    if (this.#tries.waitFor(networkOf(address), this.#clock.now()) === 0) return look();
    this.#clock.after(LATE_MS, () => {
      // Nobody above catches what is thrown here: the upgrade is long over.
      if (this.#here.has(stranger) && !attempt("upgrade", look)) this.#drop(stranger, FAULT);
    });
  }

  /** It showed a wrong key. */
  wasWrong(address: string): void {
    this.#tries.take(networkOf(address), this.#clock.now());
  }

  #drop(stranger: object, reason: string): void {
    const known = this.#here.get(stranger);
    this.left(stranger);
    known?.drop(reason);
  }
}

import type { System } from "../system/system.ts";

/** Says which worker a client is to connect to, as a load balancer that asks the workers whether they are ready. */
export class Doorman {
  readonly #system: System;
  /** Workers that were ready once: before, their clients try at their doors. */
  readonly #known = new Set<string>();

  constructor(system: System) {
    this.#system = system;
  }

  /** @returns the port of this worker; of another one where this one was ready and is not any more */
  async portFor(home: string): Promise<number> {
    if (await this.#system.process(home).isReady()) this.#known.add(home);
    else if (this.#known.has(home)) {
      for (const name of this.#system.running("worker")) {
        const other = this.#system.process(name);
        if (name !== home && (await other.isReady())) return other.plan.address.port;
      }
    }
    return this.#system.process(home).plan.address.port;
  }
}

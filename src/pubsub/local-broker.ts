import type { Broker, Deliver, Settle } from "./broker.ts";
import type { Publication } from "./publication.ts";

/** For a process that stands alone: every subscriber is here, and calls come in the one order there is. */
export class LocalBroker implements Broker {
  readonly #deliver: Deliver;

  constructor(deliver: Deliver) {
    this.#deliver = deliver;
  }

  /** Of either level the same: what this process has taken is as safe as it will be. */
  publish(publication: Publication, settle: Settle): void {
    this.#deliver(publication);
    settle();
  }

  subscribe(_channel: string, settle: Settle): void {
    settle();
  }

  unsubscribe(): void {} // nobody else needs to know
}

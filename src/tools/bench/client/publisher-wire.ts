import type { Stamp } from "../measure/stamp.ts";
import type { Wire } from "../measure/traffic.ts";
import type { Client } from "./client.ts";
import type { Publications } from "./publications.ts";

/** Sends publications over the publishers' connections; what one turn has for a connection in one write. */
export class PublisherWire implements Wire {
  readonly #publications: Publications;
  readonly #clientOf: (publisher: number) => Client | undefined;
  readonly #corked = new Set<Client>();

  constructor(publications: Publications, clientOf: (publisher: number) => Client | undefined) {
    this.#publications = publications;
    this.#clientOf = clientOf;
  }

  ready(publisher: number): boolean {
    return this.#clientOf(publisher)?.connection.ready === true;
  }

  publish(stamp: Stamp): void {
    const client = this.#clientOf(stamp.publisher);
    if (client === undefined) return;
    if (!this.#corked.has(client)) {
      this.#corked.add(client);
      client.connection.cork();
    }
    client.connection.send(this.#publications.frame(stamp));
  }

  /** Writes what was gathered. */
  flush(): void {
    for (const { connection } of this.#corked) connection.uncork();
    this.#corked.clear();
  }
}

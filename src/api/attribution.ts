import type { Connection } from "../server/connection.ts";
import { type Charge, hold, release } from "../server/inbound/backlog.ts";
import type { ConsumptionWatch } from "./streams.ts";

/** Counts what waits in a socket's streams, so that a client that is ahead of the application is held back. */
export class SocketWatch implements ConsumptionWatch<Charge> {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  hold(): Charge {
    return hold(this.#connection);
  }

  release(charge: Charge): void {
    release(charge);
  }
}

/**
 * Counts the server's events with the client that caused them: who causes more than the application consumes is held
 * back, and nobody else. Events that no client caused are not counted.
 */
export class Attribution implements ConsumptionWatch<Charge | undefined> {
  #connection: Connection | undefined;

  /** Events that `emit` makes are this client's. */
  to(connection: Connection, emit: () => void): void {
    this.#connection = connection;
    try {
      emit();
    } finally {
      this.#connection = undefined;
    }
  }

  hold(): Charge | undefined {
    return this.#connection && hold(this.#connection);
  }

  release(charge: Charge | undefined): void {
    if (charge !== undefined) release(charge);
  }
}

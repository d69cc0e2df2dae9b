import type { Connection } from "./connection.ts";
import { fail } from "./failure.ts";

type Task = () => void;

/** Bytes of one client's messages that the application has been given and has not consumed. */
const MAX_UNCONSUMED_BYTES = 1024 * 1024;

/** The bytes that one message came in, and how many values made of it are not consumed. */
export interface Charge {
  readonly backlog: Backlog;
  readonly bytes: number;
  values: number;
}

/**
 * What the application was given of one client's calls, transmissions and events, and has not consumed. While it is
 * full nothing more of this client is looked at; what comes waits as bytes, and its socket is not read.
 *
 * It counts values that wait in streams. A call that was taken from its stream counts no more, answered or not: it is the
 * application that decides how many it works on at a time, by when it takes the next one. A connection has a backlog
 * while there is something in it.
 */
export class Backlog {
  readonly #connection: Connection;
  /** That of the message that is being processed, once a value was made of it. */
  #charge: Charge | undefined;
  #values = 0;
  #bytes = 0;
  #waiting: Task | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Values that are not consumed. */
  get size(): number {
    return this.#values;
  }

  get isFull(): boolean {
    const { maxQueuedPackets } = this.#connection.core.options;
    return this.#values >= maxQueuedPackets || this.#bytes >= MAX_UNCONSUMED_BYTES;
  }

  /** What is held from now on belongs to another message. */
  begin(): void {
    this.#charge = undefined;
  }

  hold(): Charge {
    this.#charge ??= { backlog: this, bytes: this.#connection.messageBytes, values: 0 };
    const charge = this.#charge;
    if (charge.values === 0) {
      this.#bytes += charge.bytes;
      this.#connection.core.intake.parsed.add(charge.bytes);
    }
    charge.values += 1;
    this.#values += 1;
    return charge;
  }

  release(charge: Charge): void {
    charge.values -= 1;
    this.#values -= 1;
    if (charge.values === 0) {
      this.#bytes -= charge.bytes;
      this.#connection.core.intake.parsed.remove(charge.bytes);
    }
    if (!this.isFull) this.wake();
    if (this.#values === 0 && this.#connection.backlog === this) this.#connection.backlog = undefined;
  }

  /** Calls `task` once when it is not full any more. There is one who waits at a time: the connection's next packet. */
  wait(task: Task): void {
    this.#waiting = task;
  }

  /** Who waits goes on, in a turn of its own: whoever consumed something is not to be kept. */
  wake(): void {
    const task = this.#waiting;
    if (task === undefined) return;
    this.#waiting = undefined;
    this.#connection.core.intake.budget.wait(task);
  }
}

/** One more value waits that one of this client's messages caused. @returns what `release` is to be given */
export function hold(connection: Connection): Charge {
  connection.backlog ??= new Backlog(connection);
  return connection.backlog.hold();
}

/** The application consumed a value, or will not. */
export function release(charge: Charge): void {
  charge.backlog.release(charge);
}

/**
 * Tells the application something that belongs to another message than the one that is being processed. Never throws:
 * whoever calls settles publishes of others, too. @param bytes what it came in
 */
export function tellOf(connection: Connection, bytes: number, tell: Task): void {
  const { messageBytes } = connection;
  connection.messageBytes = bytes;
  connection.backlog?.begin();
  try {
    tell();
  } catch (error) {
    fail(connection, error);
  } finally {
    connection.messageBytes = messageBytes;
    connection.backlog?.begin();
  }
}

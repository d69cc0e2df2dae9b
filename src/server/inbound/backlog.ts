import type { Connection } from "../connection.ts";
import { fail } from "./failure.ts";

type Task = () => void;

/** Bytes of one client's messages that the application was given and is not done with. */
const MAX_UNDONE_BYTES = 1024 * 1024;

/** The bytes that one message came in, and how many values and calls made of it the application is not done with. */
export interface Charge {
  readonly backlog: Backlog;
  readonly bytes: number;
  holders: number;
}

/** A call that the application has not answered. */
interface OpenCall {
  readonly charge: Charge;
  readonly cid: number;
  /** From when on it does not count, by the clock. */
  readonly expires: number;
}

/**
 * What the application was given of one client's calls, transmissions and events and is not done with: values that wait
 * in its streams, and calls that it has not answered. While it is full nothing more of this client is looked at; what
 * comes waits as bytes, and its socket is not read. A connection has one while there is something in it.
 *
 * A call counts for `ackTimeout` at most: by then its client has given up, and an application that does not answer what
 * needs no answer must not lose its clients.
 */
export class Backlog {
  readonly #connection: Connection;
  /** That of the message that is being processed, once a value was made of it. */
  #charge: Charge | undefined;
  #values = 0;
  #bytes = 0;
  /** In the order they came; by their numbers, of which clients may use one twice. */
  readonly #calls = new Set<OpenCall>();
  readonly #callsByCid = new Map<number, OpenCall[]>();
  #waiting: Task | undefined;
  #isTimed = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get isEmpty(): boolean {
    return this.#values === 0 && this.#calls.size === 0;
  }

  get isFull(): boolean {
    const { maxQueuedPackets } = this.#connection.core.options;
    return (
      this.#values >= maxQueuedPackets ||
      this.#calls.size >= maxQueuedPackets ||
      this.#bytes >= MAX_UNDONE_BYTES
    );
  }

  /** What is held from now on belongs to another message. @param charge that of the message, if it has one already */
  begin(charge?: Charge): void {
    this.#charge = charge?.backlog === this ? charge : undefined;
  }

  /** That of the message that is being processed. */
  get charge(): Charge | undefined {
    return this.#charge;
  }

  hold(): Charge {
    this.#values += 1;
    return this.#take();
  }

  release(charge: Charge): void {
    this.#values -= 1;
    this.#drop(charge);
    this.#relieve();
  }

  open(cid: number): void {
    const { clock, options } = this.#connection.core;
    const call = { charge: this.#take(), cid, expires: clock.now() + options.ackTimeout };
    this.#calls.add(call);
    const same = this.#callsByCid.get(cid);
    if (same === undefined) this.#callsByCid.set(cid, [call]);
    else same.push(call);
  }

  answered(cid: number): void {
    const call = this.#callsByCid.get(cid)?.[0];
    if (call === undefined) return;
    this.#forget(call);
    this.#relieve();
  }

  /** Forgets calls whose client has given up. To be called now and then: an application may answer none. */
  expire(): void {
    const now = this.#connection.core.clock.now();
    for (const call of this.#calls) {
      if (call.expires > now) break;
      this.#forget(call);
    }
    this.#relieve();
  }

  /** The connection is over: its calls need no answer. Values in the application's streams count until it takes them. */
  abandon(): void {
    for (const call of this.#calls) this.#forget(call);
    this.wake();
    this.#relieve();
  }

  /** Calls `task` once when something of it is done, and it is not full. There is one who waits at a time: the connection's next packet. */
  wait(task: Task): void {
    this.#waiting = task;
    if (this.#calls.size > 0) this.#expireLater();
  }

  /** Who waits goes on, in a turn of its own: whoever consumed something is not to be kept. */
  wake(): void {
    const task = this.#waiting;
    if (task === undefined) return;
    this.#waiting = undefined;
    this.#connection.core.intake.budget.wait(task);
  }

  #take(): Charge {
    this.#charge ??= { backlog: this, bytes: this.#connection.messageBytes, holders: 0 };
    const charge = this.#charge;
    if (charge.holders === 0) {
      this.#bytes += charge.bytes;
      this.#connection.core.intake.parsed.add(charge.bytes);
    }
    charge.holders += 1;
    return charge;
  }

  #drop(charge: Charge): void {
    charge.holders -= 1;
    if (charge.holders > 0) return;
    this.#bytes -= charge.bytes;
    this.#connection.core.intake.parsed.remove(charge.bytes);
  }

  #forget(call: OpenCall): void {
    this.#calls.delete(call);
    const same = this.#callsByCid.get(call.cid) ?? [];
    if (same.length <= 1) this.#callsByCid.delete(call.cid);
    else same.splice(same.indexOf(call), 1);
    this.#drop(call.charge);
  }

  #relieve(): void {
    if (!this.isFull) this.wake();
    if (this.isEmpty && this.#connection.backlog === this) this.#connection.backlog = undefined;
  }

  #expireLater(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    const { clock, options } = this.#connection.core;
    clock.after(options.ackTimeout, () => {
      this.#isTimed = false;
      this.expire();
      if (this.#waiting !== undefined && this.#calls.size > 0) this.#expireLater();
    });
  }
}

function backlogOf(connection: Connection): Backlog {
  connection.backlog ??= new Backlog(connection);
  return connection.backlog;
}

/** One more value waits that one of this client's messages caused. @returns what `release` is to be given */
export function hold(connection: Connection): Charge {
  return backlogOf(connection).hold();
}

/** The application consumed a value, or will not. */
export function release(charge: Charge): void {
  charge.backlog.release(charge);
}

/** The application is given a call, and is to answer it. */
export function openCall(connection: Connection, cid: number): void {
  backlogOf(connection).open(cid);
}

/**
 * Tells the application something that belongs to another message than the one that is being processed. Never throws:
 * whoever calls settles publishes of others, too. @param bytes what it came in
 */
export function tellOf(connection: Connection, bytes: number, tell: Task): void {
  const { messageBytes } = connection;
  const charge = connection.backlog?.charge;
  connection.messageBytes = bytes;
  connection.backlog?.begin();
  try {
    tell();
  } catch (error) {
    fail(connection, error);
  } finally {
    connection.messageBytes = messageBytes;
    connection.backlog?.begin(charge);
  }
}

import { eventPacket } from "../protocol/encode.ts";
import type { Publication } from "../pubsub/publication.ts";
import type { Connection } from "./connection.ts";
import { ask, Blocked, type Decide, type OutboundAction } from "./middleware.ts";

/**
 * Keeps the order of what goes to one client while middleware decides about its publications, one after the
 * other. A connection has one once outbound middleware delayed something.
 */
export class Outbound {
  readonly #connection: Connection;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Bytes of the publications that wait. */
  #bytes = 0;
  #end: "closed" | "killed" | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Packets that wait for their turn. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether packets must not go past it. */
  get isInTheWay(): boolean {
    return this.#waiting > 0 || this.#end !== undefined;
  }

  /** Sends what waits, and takes nothing more. Answers still go to the client, past it. */
  close(): void {
    this.#end ??= "closed";
  }

  /** Drops what waits, and takes nothing more. */
  kill(): void {
    this.#end = "killed";
  }

  /**
   * Sends a publication once middleware has allowed it, and all that came before is sent. A client for which
   * too much waits is a slow consumer.
   */
  publication(publication: Publication, decide: Decide<OutboundAction>): void {
    if (this.#end !== undefined) return;
    const { maxQueuedPackets, maxBufferedBytes } = this.#connection.core.options;
    if (this.#waiting >= maxQueuedPackets || this.#bytes > maxBufferedBytes) {
      this.kill();
      this.#connection.overflowed();
      return;
    }
    this.#bytes += publication.bytes.length;
    this.#then(() => this.#decide(publication, decide));
  }

  /** Sends something else, in its turn. @param dropped called instead if it has been closed or killed */
  send(task: () => void, dropped?: () => void): void {
    this.#then(task, dropped);
  }

  #then(task: () => void | Promise<void>, dropped?: () => void): void {
    if (this.#end !== undefined) {
      dropped?.();
      return;
    }
    this.#waiting += 1;
    const run = (): void | Promise<void> => (this.#end === "killed" ? dropped?.() : task());
    this.#tail = this.#tail.then(run).then(this.#done, this.#failed);
  }

  readonly #done = (): void => {
    this.#waiting -= 1;
  };

  readonly #failed = (error: unknown): void => {
    this.#waiting -= 1;
    this.#connection.report(error);
  };

  /** Asked again after each wait: the client may leave meanwhile. */
  #isOver(): boolean {
    return this.#connection.state === "closed";
  }

  async #decide(publication: Publication, decide: Decide<OutboundAction>): Promise<void> {
    const connection = this.#connection;
    this.#bytes -= publication.bytes.length;
    if (this.#isOver()) return;
    const { channel, bytes } = publication;
    // Parsed anew for each subscriber: middleware may change what it is given.
    const data = connection.core.pubsub.form.read(bytes);
    const action: OutboundAction = { type: "publishOut", connection, channel, data };
    const decision = await ask(connection.core, "outbound", decide, action);
    if (decision instanceof Blocked || this.#isOver()) return;
    if (decision.options?.useCache) connection.sendPublication(publication);
    else connection.sendPacket(eventPacket("#publish", { channel, data: decision.data }));
  }
}

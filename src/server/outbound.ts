import { eventPacket } from "../protocol/encode.ts";
import { PublishFrames } from "../protocol/frames.ts";
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

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Packets that wait for their turn. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Sends a publication once middleware has allowed it, and all that came before is sent. */
  publication(publication: Publication, decide: Decide<OutboundAction>): void {
    this.#then(() => this.#decide(publication, decide));
  }

  /** Sends something else, in its turn. */
  send(task: () => void): void {
    this.#then(task);
  }

  #then(task: () => void | Promise<void>): void {
    this.#waiting += 1;
    this.#tail = this.#tail.then(task).then(this.#done, this.#failed);
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
    if (this.#isOver()) return;
    const { channel, bytes } = publication;
    // Parsed anew for each subscriber: middleware may change what it is given.
    const data: unknown = bytes.length === 0 ? undefined : JSON.parse(bytes.toString());
    const action: OutboundAction = { type: "publishOut", connection, channel, data };
    const decision = await ask(connection.core, "outbound", decide, action);
    if (decision instanceof Blocked || this.#isOver()) return;
    if (decision.options?.useCache && connection.core.sharesText) connection.sendFrame(frame(publication));
    else connection.sendPacket(eventPacket("#publish", { channel, data: decision.data }));
  }
}

function frame({ channel, bytes }: Publication): Buffer {
  const frames = new PublishFrames(channel);
  const target = Buffer.allocUnsafe(frames.frameLength(bytes.length));
  frames.write(target, 0, bytes);
  return target;
}

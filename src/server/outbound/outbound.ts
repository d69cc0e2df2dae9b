import { eventPacket } from "../../protocol/encode.ts";
import type { Publication } from "../../pubsub/publication.ts";
import type { Connection } from "../connection.ts";
import { Blocked, consult, type Decide, type OutboundAction } from "../middleware/middleware.ts";
import { PublishOut, type SharedData } from "./publish-out.ts";

/** A publication that middleware is to decide about, or anything else that must not overtake one. */
type Waiting =
  | { readonly shared: SharedData; readonly decide: Decide<OutboundAction> }
  | { readonly task: () => void | Promise<void>; readonly dropped: (() => void) | undefined };

/**
 * Keeps the order of what goes to one client while middleware decides about its publications, one after the
 * other. A connection has one once outbound middleware delayed something.
 */
export class Outbound {
  readonly #connection: Connection;
  #queue: Waiting[] = [];
  /** Whether something left the queue and is not done yet. */
  #isBusy = false;
  #isRunning = false;
  /** What middleware decides about now. */
  #asked: SharedData | undefined;
  #bytes = 0;
  #end: "closed" | "killed" | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Packets that wait for their turn, or for the decision about them. */
  get waiting(): number {
    return this.#queue.length + (this.#isBusy ? 1 : 0);
  }

  /** Bytes of the publications that wait for their turn. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether packets must not go past it. */
  get isInTheWay(): boolean {
    return this.waiting > 0 || this.#end !== undefined;
  }

  /** Sends what waits, and takes nothing more. Answers still go to the client, past it. */
  close(): void {
    this.#end ??= "closed";
  }

  /** Drops what waits, and takes nothing more. */
  kill(): void {
    this.#end = "killed";
    const dropped = this.#queue;
    this.#queue = [];
    for (const waiting of dropped) {
      if ("shared" in waiting) this.#drop(waiting.shared);
      else waiting.dropped?.();
    }
  }

  /** The client is gone, and no publication can reach it any more. */
  forget(): void {
    const publications = this.#queue.filter((waiting) => "shared" in waiting);
    this.#queue = this.#queue.filter((waiting) => !("shared" in waiting));
    for (const { shared } of publications) this.#drop(shared);
    this.#release(); // middleware may never answer
  }

  /**
   * Sends a publication once middleware has allowed it, and all that came before is sent. A client for which
   * too much waits is a slow consumer.
   */
  publication(publication: Publication, decide: Decide<OutboundAction>): void {
    if (this.#end !== undefined) return;
    const { core } = this.#connection;
    const { maxQueuedPackets, maxBufferedBytes } = core.options;
    if (this.waiting >= maxQueuedPackets || this.#bytes > maxBufferedBytes) {
      this.kill();
      this.#connection.overflowed();
      return;
    }
    this.#bytes += publication.bytes.length;
    core.writer.held.hold(publication.bytes);
    this.#push({ shared: core.deciding.enter(publication, core.pubsub.form), decide });
  }

  /** Sends something else, in its turn. @param dropped called instead if it has been closed or killed */
  send(task: () => void | Promise<void>, dropped?: () => void): void {
    if (this.#end !== undefined) dropped?.();
    else this.#push({ task, dropped });
  }

  #push(waiting: Waiting): void {
    this.#queue.push(waiting);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    await undefined; // middleware is asked neither in the midst of a delivery, nor by whoever sends
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      this.#isBusy = true;
      try {
        if ("task" in next) await next.task();
        else await this.#ask(next.shared, next.decide);
      } catch (error) {
        this.#connection.report(error);
      }
      this.#isBusy = false;
    }
    this.#isRunning = false;
  }

  async #ask(shared: SharedData, decide: Decide<OutboundAction>): Promise<void> {
    this.#bytes -= shared.publication.bytes.length;
    this.#asked = shared;
    try {
      if (shared.isLong) await this.#connection.core.deciding.room(shared);
      await this.#decide(shared, decide);
    } finally {
      this.#release();
    }
  }

  #drop(shared: SharedData): void {
    this.#bytes -= shared.publication.bytes.length;
    this.#leave(shared);
  }

  /** Lets go of what middleware was asked about, once. */
  #release(): void {
    const shared = this.#asked;
    this.#asked = undefined;
    if (shared !== undefined) this.#leave(shared);
  }

  #leave(shared: SharedData): void {
    const { core } = this.#connection;
    core.writer.held.release(shared.publication.bytes);
    core.deciding.leave(shared);
  }

  /** Asked again after each wait: the client may leave meanwhile. */
  #isOver(): boolean {
    return this.#connection.state === "closed";
  }

  async #decide(shared: SharedData, decide: Decide<OutboundAction>): Promise<void> {
    const connection = this.#connection;
    if (this.#isOver()) return;
    const action = new PublishOut(connection, shared);
    const answer = await consult(connection.core, "outbound", decide, action);
    if (answer instanceof Blocked || this.#isOver()) return;
    const changed = answer?.options?.useCache ? undefined : action.outcome(answer?.data);
    if (changed === undefined) connection.sendPublication(shared.publication);
    else connection.sendPacket(eventPacket("#publish", { channel: action.channel, data: changed.data }));
  }
}

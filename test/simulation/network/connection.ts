import type { Process } from "../process.ts";
import type { Random } from "../random.ts";
import type { Scheduler } from "../scheduler.ts";
import { Pipe } from "./pipe.ts";
import { BROKEN, type Tap, VirtualSocket } from "./socket.ts";

export interface ConnectionOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly protocol: string;
  /** Who dialled. */
  readonly client: Process;
  readonly server: Process;
  /** Least time that a frame takes, ms. */
  readonly delay: number;
  /** Whether nothing gets from one process to another now. */
  readonly isBlocked: (from: Process, to: Process) => boolean;
  /** Whether a dead process's host answers for it. */
  readonly isHostUp: (process: Process) => boolean;
  readonly taps: { readonly client: Tap; readonly server: Tap } | undefined;
}

/** A connection between two processes, and what can be done to it from outside. */
export class Connection {
  readonly protocol: string;
  readonly client: VirtualSocket;
  readonly server: VirtualSocket;
  readonly toServer: Pipe;
  readonly toClient: Pipe;
  readonly #options: ConnectionOptions;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.protocol = options.protocol;
    this.toServer = this.#pipe(options.client, options.server);
    this.toClient = this.#pipe(options.server, options.client);
    this.client = new VirtualSocket(options.client, this.toServer, options.taps?.client);
    this.server = new VirtualSocket(options.server, this.toClient, options.taps?.server);
    VirtualSocket.join(this.client, this.server);
  }

  /** Whether no side needs it any more. */
  get isOver(): boolean {
    const isDone = ({ hasEnded, process }: VirtualSocket): boolean => hasEnded || !process.isAlive;
    return isDone(this.client) && isDone(this.server);
  }

  joins(a: Process, b: Process): boolean {
    const { client, server } = this.#options;
    return (client === a && server === b) || (client === b && server === a);
  }

  has(process: Process): boolean {
    return this.#options.client === process || this.#options.server === process;
  }

  /** Something on the way resets it: what is under way is lost, and each side is told after a while of its own. */
  cut(): void {
    this.toServer.break();
    this.toClient.break();
    this.#tellEnd(this.client);
    this.#tellEnd(this.server);
  }

  stall(ms: number): void {
    this.toServer.stall(ms);
    this.toClient.stall(ms);
  }

  slow(ms: number): void {
    this.toServer.slow(ms);
    this.toClient.slow(ms);
  }

  swallow(): void {
    this.toServer.swallow();
    this.toClient.swallow();
  }

  /** A process of it died. The kernel says so to the other, behind what was sent, unless its host died too. */
  processDied(process: Process): void {
    if (!this.#options.isHostUp(process)) return;
    const [survivor, pipe] =
      process === this.#options.client ? [this.server, this.toServer] : [this.client, this.toClient];
    pipe.send({ bytes: 0, arrive: () => survivor.end(BROKEN) });
  }

  release(): void {
    this.toServer.release();
    this.toClient.release();
  }

  #tellEnd(socket: VirtualSocket): void {
    const { scheduler, random, delay } = this.#options;
    scheduler.after(random.around(delay + 1), () => socket.process.read(() => socket.end(BROKEN)));
  }

  #pipe(from: Process, to: Process): Pipe {
    const { scheduler, random, delay, isBlocked, isHostUp } = this.#options;
    return new Pipe({
      scheduler,
      random,
      from,
      to,
      delay,
      isBlocked: () => isBlocked(from, to),
      unwanted: () => {
        // Its host knows of no such connection and says so to whoever still speaks.
        const sender = from === this.#options.client ? this.client : this.server;
        if (isHostUp(to) && !isBlocked(to, from)) this.#tellEnd(sender);
      },
    });
  }
}

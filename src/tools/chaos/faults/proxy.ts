import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type Direction, isCut, type Rule, type Weather, weatherOf } from "./fault.ts";
import { Passage } from "./passage.ts";

/** Where somebody listens. */
export interface Address {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface ProxyOptions {
  /** Where connections go; may be changed later. */
  readonly target: Address;
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** 0, the default: the system chooses. */
  readonly port?: number;
  /** Which process dialled, so that a rule can be for it alone. Absent: nobody knows. */
  readonly identify?: (socket: Socket) => Promise<string | undefined>;
}

/**
 * Stands between processes and passes bytes both ways, until it is told to do otherwise. Knows nothing of what
 * the bytes mean.
 *
 * To a process a connection through it is like one through a network: what is true of a fault there (a stalled
 * connection stays up, a cut one is reset) is true here.
 */
export class FaultProxy {
  readonly #identify: (socket: Socket) => Promise<string | undefined>;
  readonly #passages = new Set<Passage>();
  /** Accepted, and not known yet who they are from. */
  readonly #unknown = new Set<Socket>();
  #target: Address;
  #address: Address;
  /** Absent while it is shut. */
  #server: Server | undefined;
  #rules: readonly Rule[] = [];
  #accepted = 0;

  private constructor({ target, host, port, identify = async () => undefined }: ProxyOptions) {
    this.#target = target;
    this.#address = { host: host ?? "127.0.0.1", port: port ?? 0 };
    this.#identify = identify;
  }

  /** @throws {Error} if it cannot listen there */
  static async listen(options: ProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await proxy.open();
    return proxy;
  }

  /** Where it listens, also while it is shut. */
  get address(): Address {
    return this.#address;
  }

  get target(): Address {
    return this.#target;
  }

  /** Connections it passes bytes for now. */
  get connections(): number {
    return this.#passages.size;
  }

  /** Connections that were ever made to it. */
  get accepted(): number {
    return this.#accepted;
  }

  /** From now on new connections go there. Those that are there stay. */
  aimAt(target: Address): void {
    this.#target = target;
  }

  /** From now on these faults are in force, and no others. None: it passes everything. */
  setRules(rules: readonly Rule[]): void {
    this.#rules = rules;
    for (const passage of this.#passages) {
      if (isCut(rules, passage.dialler)) passage.reset();
      else passage.change(this.#weatherFor(passage.dialler));
    }
  }

  /** Resets the connections that are there now; new ones are welcome. @param dialler absent: those of all */
  reset(dialler?: string): void {
    for (const passage of this.#passages) {
      if (dialler === undefined || passage.dialler === dialler) passage.reset();
    }
  }

  /**
   * Listens. Does nothing if it does already.
   *
   * @throws {Error} if its port has been taken meanwhile
   */
  async open(): Promise<void> {
    if (this.#server !== undefined) return;
    // Half-open: whoever has said all that it wanted to may still be answered.
    const options = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true };
    const server = createServer(options, (socket) => void this.#accept(socket));
    this.#server = server;
    server.listen({ ...this.#address, exclusive: true });
    await once(server, "listening");
    const { address, port } = server.address() as AddressInfo;
    this.#address = { host: address, port };
  }

  /** Refuses connections, as a port does that nobody listens at. Those that are there stay. */
  shut(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  /** Ends it, with all connections. */
  async close(): Promise<void> {
    const server = this.#server;
    const closed = server === undefined ? undefined : once(server, "close");
    this.shut();
    for (const socket of this.#unknown) socket.destroy();
    this.reset();
    await closed;
  }

  async #accept(client: Socket): Promise<void> {
    this.#accepted += 1;
    this.#unknown.add(client);
    // Until it has a passage: whoever hangs up this early is not missed.
    const ignore = (): void => {};
    client.on("error", ignore);
    const dialler = await this.#identify(client);
    this.#unknown.delete(client);
    if (client.destroyed) return;
    if (this.#server === undefined || isCut(this.#rules, dialler)) return void client.resetAndDestroy();
    const target = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    const passage = new Passage(client, target, dialler, () => this.#passages.delete(passage));
    this.#passages.add(passage);
    passage.start(this.#weatherFor(dialler));
  }

  #weatherFor(dialler: string | undefined): Readonly<Record<Direction, Weather>> {
    return {
      up: weatherOf(this.#rules, dialler, "up"),
      down: weatherOf(this.#rules, dialler, "down"),
    };
  }
}

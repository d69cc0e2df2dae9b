import type { DialFailure } from "../../../src/link/dial-failure.ts";
import type { Process } from "../process.ts";
import type { Random } from "../random.ts";
import type { Scheduler } from "../scheduler.ts";
import { Connection } from "./connection.ts";
import type { Tap, VirtualSocket } from "./socket.ts";

/** What a server sees of a request that opens a connection. */
export interface Request {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly socket: { readonly remoteAddress: string };
}

/** What a process that listens does with those who come, by protocol. Code of that process. */
export type Protocols = Readonly<Record<string, (socket: VirtualSocket, request: Request) => void>>;

export interface Dial {
  readonly uri: string;
  readonly protocol: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly authKey?: string | undefined;
  readonly timeoutMs: number;
}

/** As of a real `dial`: one of the two is called, once, unless it is called off before. */
export interface DialEvents {
  opened(socket: VirtualSocket): void;
  failed(failure: DialFailure): void;
}

export interface NetworkOptions {
  readonly scheduler: Scheduler;
  readonly random: Random;
  /** Who looks at what is sent; absent for a protocol that nobody looks at. */
  readonly tap?: (connection: {
    protocol: string;
    client: Process;
    server: Process;
  }) => { client: Tap; server: Tap } | undefined;
}

interface Listener {
  readonly process: Process;
  readonly protocols: Protocols;
  readonly authKey: string | undefined;
}

/** How long until a first packet that got lost is sent again, ms. */
const SYN_RETRY_MS = 1000;
const REFUSED = "connect ECONNREFUSED";

/** Hosts, who listens where, connections, and what is cut off from whom. */
export class Network {
  readonly #options: NetworkOptions;
  readonly #listeners = new Map<string, Listener[]>();
  readonly #downHosts = new Set<string>();
  readonly #connections = new Set<Connection>();
  readonly #blocked = new Map<string, number>();

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  /** Connections that at least one side still uses. */
  get connections(): Connection[] {
    for (const connection of this.#connections) if (connection.isOver) this.#connections.delete(connection);
    return [...this.#connections];
  }

  /** A process listens at a URI, until it dies. Several may share one, as behind a name. */
  listen(process: Process, uri: string, protocols: Protocols, authKey?: string): void {
    const listener = { process, protocols, authKey };
    this.#listeners.set(uri, [...(this.#listeners.get(uri) ?? []), listener]);
    this.#downHosts.delete(process.host);
    process.onEnd(() => {
      this.#listeners.set(
        uri,
        (this.#listeners.get(uri) ?? []).filter((each) => each !== listener),
      );
      for (const connection of this.#connections)
        if (connection.has(process)) connection.processDied(process);
    });
  }

  /** The process dies and its host with it: nobody is told. The host is back when somebody listens on it again. */
  loseHost(process: Process): void {
    this.#downHosts.add(process.host);
    process.kill();
  }

  /** From here on nothing gets from one process to the other; the other way round it does. */
  block(from: Process, to: Process): () => void {
    const way = `${from.host}>${to.host}`;
    this.#blocked.set(way, (this.#blocked.get(way) ?? 0) + 1);
    let isOn = true;
    return () => {
      if (!isOn) return;
      isOn = false;
      this.#blocked.set(way, (this.#blocked.get(way) ?? 1) - 1);
      for (const connection of this.#connections) connection.release();
    };
  }

  /** Opens a connection; returns a function that calls it off. Code of the dialling process. */
  dial(from: Process, dial: Dial, events: DialEvents): () => void {
    let isOver = false;
    const finish = (tell: () => void): void => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      tell();
    };
    const timer = from.clock.after(dial.timeoutMs, () =>
      finish(() => events.failed({ kind: "other", reason: "Opening handshake has timed out" })),
    );
    this.#knock(
      from,
      dial,
      () => isOver,
      (failure) => finish(() => events.failed(failure)),
      (connection) => {
        // Whoever does not want it any more ends it.
        if (isOver) connection.client.terminate();
        else finish(() => events.opened(connection.client));
      },
    );
    return () => finish(() => {});
  }

  /** The first packet, until it arrives. */
  #knock(
    from: Process,
    dial: Dial,
    isOver: () => boolean,
    failed: (failure: DialFailure) => void,
    opened: (connection: Connection) => void,
  ): void {
    const { scheduler, random } = this.#options;
    const delay = this.#delay();
    scheduler.after(delay, () => {
      if (isOver() || !from.isAlive) return;
      const again = (): void => this.#knock(from, dial, isOver, failed, opened);
      const host = new URL(dial.uri).hostname;
      const listener = random.maybe(this.#listeners.get(dial.uri) ?? []);
      const way = listener?.process.host ?? host;
      const isLost = this.#isBlocked(from.host, way) || this.#isBlocked(way, from.host);
      if (isLost || this.#downHosts.has(way)) return void scheduler.after(SYN_RETRY_MS, again);
      const refuse = (failure: DialFailure): void =>
        void scheduler.after(delay, () => from.read(() => failed(failure)));
      if (listener === undefined) return refuse({ kind: "refused", reason: REFUSED });
      const accept = listener.protocols[dial.protocol];
      if (listener.authKey !== undefined && dial.authKey !== listener.authKey) {
        return refuse({ kind: "auth", reason: "answered 401 Unauthorized" });
      }
      if (accept === undefined) return refuse({ kind: "other", reason: "answered 400 Bad Request" });
      const { client } = this.#connect(from, listener.process, dial, accept, opened);
      client.onUnusedEnd((reason) => failed({ kind: "other", reason }));
    });
  }

  /** The connection stands, as the kernels see it: the processes are yet to shake hands over it. */
  #connect(
    client: Process,
    server: Process,
    dial: Dial,
    accept: (socket: VirtualSocket, request: Request) => void,
    opened: (connection: Connection) => void,
  ): Connection {
    const { scheduler, random, tap } = this.#options;
    const { protocol } = dial;
    const connection = new Connection({
      scheduler,
      random,
      protocol,
      client,
      server,
      delay: this.#delay(),
      isBlocked: (from, to) => this.#isBlocked(from.host, to.host),
      isHostUp: ({ host }) => !this.#downHosts.has(host),
      taps: tap?.({ protocol, client, server }),
    });
    this.#connections.add(connection);
    const query = new URLSearchParams(dial.query).toString();
    const request = { url: `/socketcluster/?${query}`, headers: {}, socket: { remoteAddress: client.host } };
    connection.toServer.send({
      bytes: 0,
      arrive: () => {
        // Ahead of anything that the server says on it.
        connection.toClient.send({ bytes: 0, arrive: () => opened(connection) });
        accept(connection.server, request);
      },
    });
    return connection;
  }

  #isBlocked(from: string, to: string): boolean {
    return (this.#blocked.get(`${from}>${to}`) ?? 0) > 0;
  }

  /** What a connection's frames take at least: most are near, some are far, ms. */
  #delay(): number {
    const { random } = this.#options;
    return random.chance(0.1) ? random.between(5, 60) : random.between(0.1, 3);
  }
}

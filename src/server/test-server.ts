import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket } from "ws";
import type { Broker, Deliver } from "../pubsub/broker.ts";
import { Hub } from "../pubsub/hub.ts";
import { LocalBroker } from "../pubsub/local-broker.ts";
import { PubSub } from "../pubsub/pubsub.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { Turn } from "../runtime/turn.ts";
import { type TokenOptions, Tokens } from "./auth/tokens.ts";
import { ServerCore } from "./core.ts";
import type { ServerEvents } from "./middleware/events.ts";
import { resolveOptions, type ServerOptions } from "./options.ts";
import { WsServer } from "./websocket/ws-server.ts";

const DEADLINE_MS = 5_000;

export interface TestSetup {
  readonly options?: Partial<ServerOptions> & TokenOptions;
  readonly clock?: Clock;
  readonly events?: ServerEvents;
  readonly broker?: (deliver: Deliver) => Broker;
}

/** A server of clients on a free port, without SocketCluster's face. */
export async function startServer(setup: TestSetup = {}) {
  const turn = new Turn();
  const hub = new Hub(turn);
  const deliver: Deliver = (publication) => hub.deliver(publication);
  const options = resolveOptions(setup.options);
  const core = new ServerCore({
    options,
    pubsub: new PubSub(hub, setup.broker?.(deliver) ?? new LocalBroker(deliver), options.publishLevel),
    tokens: new Tokens({ authKey: "key", ...setup.options }),
    turn,
    clock: setup.clock ?? systemClock,
    ...(setup.events && { events: setup.events }),
  });
  const http = createServer();
  const server = new WsServer(core, http);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  const clients: RawClient[] = [];
  return {
    core,
    http,
    port,
    /** A client that speaks in messages, and says nothing by itself. */
    async connect(path = core.options.path): Promise<RawClient> {
      const client = new RawClient(new WebSocket(`ws://127.0.0.1:${port}${path}`));
      clients.push(client);
      await client.opened;
      return client;
    },
    /** A client whose handshake is done. */
    async join(): Promise<RawClient> {
      const client = await this.connect();
      client.say('{"event":"#handshake","data":{"authToken":null},"cid":1}');
      await client.hear();
      return client;
    },
    /** Ends all. Rejects if something that connections took is not given back when they have ended. */
    async close(): Promise<void> {
      for (const { ws } of clients) ws.terminate();
      server.close();
      http.close();
      http.closeAllConnections();
      await until("all connections have ended", () => core.socketCount === 0);
      core.heartbeat.stop();
      const { parsed, waitingBytes } = core.intake;
      const kept = { parsed: parsed.bytes, waiting: waitingBytes, held: core.writer.held.bytes };
      if (Object.values(kept).some((bytes) => bytes !== 0))
        throw new Error(`Not given back: ${JSON.stringify(kept)}`);
    },
  };
}

export type TestServer = Awaited<ReturnType<typeof startServer>>;

/** The client's end, as text in and out. */
export class RawClient {
  readonly ws: WebSocket;
  readonly opened: Promise<unknown>;
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #heard: string[] = [];
  #listener: ((message: string) => void) | undefined;

  constructor(ws: WebSocket) {
    this.ws = ws;
    this.opened = once(ws, "open");
    this.closed = new Promise((resolve) => {
      ws.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    ws.on("message", (data) => {
      const message = data.toString();
      const listener = this.#listener;
      this.#listener = undefined;
      if (listener) listener(message);
      else this.#heard.push(message);
    });
  }

  say(message: string): void {
    this.ws.send(message);
  }

  /** The next message; rejects if none comes in time. */
  hear(): Promise<string> {
    const message = this.#heard.shift();
    if (message !== undefined) return Promise.resolve(message);
    return within("a message", (resolve) => {
      this.#listener = resolve;
    });
  }

  async hearJson(): Promise<unknown> {
    return JSON.parse(await this.hear());
  }
}

/** What `start` resolves with; rejects after the deadline of all tests. */
export function within<T>(what: string, start: (resolve: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} did not come`)), DEADLINE_MS);
    start((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

/** Waits turn after turn until this is so. */
export function until(what: string, condition: () => boolean): Promise<void> {
  return within(what, (resolve) => {
    const look = (): void => {
      if (condition()) resolve();
      else setImmediate(look);
    };
    look();
  });
}

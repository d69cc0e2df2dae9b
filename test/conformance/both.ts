import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import socketClusterClient from "socketcluster-client";
import type { ConsumableStream } from "../../src/api/index.ts";
import * as native from "../../src/api/index.ts";

const require = createRequire(import.meta.url);

type Native = typeof native;

/** The two implementations behind one face. Upstream's is used with our types, which is the point. */
export const IMPLEMENTATIONS = {
  native,
  upstream: {
    ...require("socketcluster-server"),
    AGAction: require("socketcluster-server/action"),
  } as Native,
} as const;

export type Implementation = keyof typeof IMPLEMENTATIONS;

const DEADLINE_MS = 5000;

/** The part of the official client that these tests use. */
export interface Client {
  readonly id: string;
  listener(event: string): ConsumableStream<Record<string, unknown>>;
  subscribe(channel: string, options?: object): Channel;
  unsubscribe(channel: string): Promise<void>;
  invokePublish(channel: string, data?: unknown): Promise<void>;
  invoke(event: string, data?: unknown): Promise<unknown>;
  transmit(event: string, data?: unknown): Promise<void>;
  disconnect(): void;
  killAllListeners(): void;
}

export interface Channel extends ConsumableStream<unknown> {
  readonly state: string;
  listener(event: string): ConsumableStream<Record<string, unknown>>;
}

/** A server of one implementation on a free port, with official clients. */
export async function start(which: Implementation, options: native.AGServerOptions = {}) {
  const http = createServer();
  const server = IMPLEMENTATIONS[which].attach(http, { authKey: "key", ...options });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  const clients: Client[] = [];
  return {
    server,
    port,
    async connect(): Promise<Client> {
      const client = socketClusterClient.create({ hostname: "127.0.0.1", port }) as Client;
      clients.push(client);
      void drain(client.listener("error"));
      await client.listener("connect").once(DEADLINE_MS);
      return client;
    },
    /** Ends everything. */
    async stop(): Promise<void> {
      for (const client of clients) {
        client.disconnect();
        client.killAllListeners();
      }
      http.close();
      http.closeAllConnections();
      await server.close();
    },
  };
}

export type Started = Awaited<ReturnType<typeof start>>;

/** Subscribes, and resolves with everything that comes from then on. */
export async function subscribe(client: Client, channel: string): Promise<unknown[]> {
  const stream = client.subscribe(channel);
  const inbox: unknown[] = [];
  void drain(stream, (data) => inbox.push(data));
  if (stream.state !== "subscribed") await stream.listener("subscribe").once(DEADLINE_MS);
  return inbox;
}

/** Consumes a stream to its end. */
export async function drain<T>(
  stream: AsyncIterable<T>,
  each: (value: T) => unknown = () => {},
): Promise<void> {
  for await (const value of stream) each(value);
}

/** Long enough for what is under way between two processes of one machine to arrive. */
export function settle(ms = 100): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import socketClusterClient from "socketcluster-client";
import type { AGServerOptions, InternalOptions } from "./options.ts";
import type { AGRequest } from "./request.ts";
import { AGServer } from "./server.ts";
import type { AGServerSocket } from "./server-socket.ts";
import type { ConsumableStream } from "./streams.ts";

const DEADLINE_MS = 5_000;

/** The part of the official client that tests use. */
export interface TestClient {
  readonly id: string;
  readonly state: string;
  readonly authState: string;
  readonly authToken: Record<string, unknown> | null;
  listener(event: string): ConsumableStream<Record<string, unknown>>;
  receiver(event: string): ConsumableStream<unknown>;
  procedure(event: string): ConsumableStream<AGRequest>;
  subscribe(channel: string, options?: object): TestChannel;
  unsubscribe(channel: string): void;
  invokePublish(channel: string, data: unknown): Promise<void>;
  transmitPublish(channel: string, data: unknown): Promise<void>;
  invoke(procedure: string, data?: unknown): Promise<unknown>;
  transmit(event: string, data?: unknown): Promise<void>;
  authenticate(signedToken: string): Promise<unknown>;
  disconnect(code?: number): void;
  reconnect(code?: number): void;
  killAllListeners(): void;
}

export interface TestChannel extends ConsumableStream<unknown> {
  readonly state: string;
  listener(event: string): ConsumableStream<Record<string, unknown>>;
}

/** A server as applications have one, on a free port, with official clients. */
export async function startApp(options: AGServerOptions = {}, internal: InternalOptions = {}) {
  const http = createServer();
  const server = new AGServer({ authKey: "key", ...options, httpServer: http }, internal);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  const clients: TestClient[] = [];
  return {
    server,
    port,
    /** A client that begins to connect. */
    create(clientOptions: object = {}): TestClient {
      const given = { hostname: "127.0.0.1", port, ...clientOptions };
      const client = socketClusterClient.create(given) as TestClient;
      clients.push(client);
      // Errors of a client are what tests provoke; those they look for they listen for.
      void drainErrors(client);
      return client;
    },
    /** A client whose handshake is done. */
    async connect(clientOptions?: object): Promise<TestClient> {
      const client = this.create(clientOptions);
      await next(client.listener("connect"));
      return client;
    },
    /** A client that stays away once it has left, and the server's end of its connection. */
    async pair(): Promise<{ readonly client: TestClient; readonly socket: AGServerSocket }> {
      const connection = next(server.listener("connection"));
      const client = await this.connect({ autoReconnect: false });
      return { client, socket: (await connection).socket as AGServerSocket };
    },
    async stop(): Promise<void> {
      for (const client of clients) {
        client.disconnect();
        client.killAllListeners();
      }
      await server.close();
      http.close();
      http.closeAllConnections();
    },
  };
}

export type TestApp = Awaited<ReturnType<typeof startApp>>;

/** The stream's next value; rejects if none comes in time. */
export function next<T>(stream: ConsumableStream<T>): Promise<T> {
  return stream.once(DEADLINE_MS);
}

/** Subscribes, and resolves when the server has acknowledged it. */
export async function subscribe(client: TestClient, channel: string, options?: object): Promise<TestChannel> {
  const stream = client.subscribe(channel, options);
  if (stream.state !== "subscribed") await next(stream.listener("subscribe"));
  return stream;
}

async function drainErrors(client: TestClient): Promise<void> {
  for await (const _ of client.listener("error"));
}

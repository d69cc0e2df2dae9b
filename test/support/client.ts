import socketClusterClient from "socketcluster-client";
import { afterEach } from "vitest";

/** The part of the official client that tests use. */
export interface Client {
  readonly id: string;
  readonly state: string;
  listener(
    event: string,
  ): { once(timeoutMs?: number): Promise<Record<string, unknown>> } & AsyncIterable<unknown>;
  subscribe(channel: string): Channel;
  unsubscribe(channel: string): void;
  invokePublish(channel: string, data: unknown): Promise<void>;
  transmitPublish(channel: string, data: unknown): Promise<void>;
  invoke(procedure: string, data?: unknown): Promise<unknown>;
  disconnect(): void;
}

export interface Channel extends AsyncIterable<unknown> {
  readonly state: string;
  listener(event: string): { once(timeoutMs?: number): Promise<unknown> };
}

const clients = new Set<Client>();
const DEADLINE_MS = 10_000;

/** The official client, unmodified, connected to a worker. */
export async function connect(
  port: number,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Client> {
  const client = socketClusterClient.create({ hostname: "127.0.0.1", port, ...options }) as unknown as Client;
  clients.add(client);
  await client.listener("connect").once(DEADLINE_MS);
  return client;
}

/** Subscribes; resolves when the server has acknowledged it, with everything that arrives from then on. */
export async function subscribe(client: Client, channel: string): Promise<unknown[]> {
  const received: unknown[] = [];
  const stream = client.subscribe(channel);
  void collect(stream, received);
  if (stream.state !== "subscribed") await stream.listener("subscribe").once(DEADLINE_MS);
  return received;
}

async function collect(stream: AsyncIterable<unknown>, into: unknown[]): Promise<void> {
  for await (const data of stream) into.push(data);
}

afterEach(() => {
  for (const client of clients) client.disconnect();
  clients.clear();
});

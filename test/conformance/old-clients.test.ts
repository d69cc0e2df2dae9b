import { createRequire } from "node:module";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AGServer } from "../../src/api/index.ts";
import { drain, type Implementation, start } from "./both.ts";

const require = createRequire(import.meta.url);
const DEADLINE_MS = 3_000;

/** The major versions of socketcluster-client on npm. 12 was never published; 20 is what all other tests use. */
const CALLBACK_CLIENTS = [4, 5, 6, 7, 8, 9, 10, 11, 13, 14] as const;
const STREAM_CLIENTS = [15, 16, 17, 18, 19] as const;

/** What these tests do with a client, whatever its version. */
interface OldClient {
  connected(): Promise<void>;
  /** Resolves once subscribed, with what comes from then on. */
  subscribe(channel: string): Promise<unknown[]>;
  publish(channel: string, data: unknown): Promise<unknown>;
  invoke(procedure: string, data: unknown): Promise<unknown>;
  transmit(event: string, data: unknown): void;
  /** What comes next under this name. */
  hears(event: string): Promise<unknown>;
  /** Resolves once the client knows itself authenticated, or no longer. */
  authState(state: "authenticated" | "unauthenticated"): Promise<void>;
  kickedOut(channel: string): Promise<unknown>;
  disconnect(): void;
}

interface Emitter {
  on(event: string, listener: (...args: never[]) => void): unknown;
  once?(event: string, listener: (...args: never[]) => void): unknown;
}

interface CallbackSocket extends Emitter {
  readonly authState?: string;
  subscribe(channel: string): Emitter & { watch(each: (data: unknown) => void): void };
  publish(channel: string, data: unknown, done: (error: unknown) => void): void;
  emit(event: string, data: unknown, done?: (error: unknown, answer: unknown) => void): void;
  disconnect(): void;
}

/** Versions 4 to 14 speak the protocol's version 1, by events and callbacks. */
function callbackClient(version: number, port: number): OldClient {
  const library = require(`socketcluster-client-${version}`);
  const options = { hostname: "127.0.0.1", port, multiplex: false, autoReconnect: false };
  const socket: CallbackSocket = (library.create ?? library.connect).call(library, options);
  socket.on("error", () => {}); // what goes wrong shows in what does not come
  const event = (emitter: Emitter, name: string): Promise<unknown> =>
    within(`${name} of version ${version}`, (resolve) => emitter.on(name, resolve as never));
  const call = (start: (done: (error: unknown, answer?: unknown) => void) => void): Promise<unknown> =>
    new Promise((resolve, reject) => start((error, answer) => (error ? reject(error) : resolve(answer))));
  const connected = event(socket, "connect");
  return {
    connected: async () => void (await connected),
    async subscribe(name) {
      const inbox: unknown[] = [];
      const channel = socket.subscribe(name);
      channel.watch((data) => inbox.push(data));
      await event(channel, "subscribe");
      return inbox;
    },
    publish: (channel, data) => call((done) => socket.publish(channel, data, done)),
    invoke: (procedure, data) => call((done) => socket.emit(procedure, data, done)),
    transmit: (name, data) => socket.emit(name, data),
    hears: (name) => event(socket, name),
    async authState(state) {
      await event(socket, state === "authenticated" ? "authenticate" : "deauthenticate");
    },
    kickedOut: (channel) =>
      within("kickOut", (resolve) => {
        const heard = ((message: unknown, name: string) => name === channel && resolve(message)) as never;
        socket.on("kickOut", heard);
      }),
    disconnect: () => socket.disconnect(),
  };
}

interface Stream extends AsyncIterable<unknown> {
  once(timeoutMs: number): Promise<unknown>;
}

interface StreamSocket {
  listener(event: string): Stream;
  receiver(event: string): Stream;
  channel(name: string): { listener(event: string): Stream };
  subscribe(channel: string): Stream & { listener(event: string): Stream };
  invokePublish(channel: string, data: unknown): Promise<unknown>;
  invoke(procedure: string, data: unknown): Promise<unknown>;
  transmit(event: string, data: unknown): Promise<void>;
  disconnect(): void;
}

/** Versions from 15 on speak the protocol's version 2, by streams. */
function streamClient(version: number, port: number): OldClient {
  const library = require(`socketcluster-client-${version}`);
  const socket: StreamSocket = library.create({ hostname: "127.0.0.1", port, autoReconnect: false });
  void drain(socket.listener("error"));
  const connected = socket.listener("connect").once(DEADLINE_MS);
  return {
    connected: async () => void (await connected),
    async subscribe(name) {
      const inbox: unknown[] = [];
      const channel = socket.subscribe(name);
      void drain(channel, (data) => inbox.push(data));
      await channel.listener("subscribe").once(DEADLINE_MS);
      return inbox;
    },
    publish: (channel, data) => socket.invokePublish(channel, data),
    invoke: (procedure, data) => socket.invoke(procedure, data),
    transmit: (name, data) => void socket.transmit(name, data),
    hears: (name) => socket.receiver(name).once(DEADLINE_MS),
    async authState(state) {
      await socket.listener(state === "authenticated" ? "authenticate" : "deauthenticate").once(DEADLINE_MS);
    },
    async kickedOut(channel) {
      const { message } = (await socket.channel(channel).listener("kickOut").once(DEADLINE_MS)) as {
        message: unknown;
      };
      return message;
    },
    disconnect: () => socket.disconnect(),
  };
}

function within<T>(what: string, start: (resolve: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} did not come`)), DEADLINE_MS);
    start((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

/** The application that the clients talk to. */
function serve(server: AGServer): { readonly transmitted: unknown[] } {
  const transmitted: unknown[] = [];
  void drain(server.listener("connection"), ({ socket }) => {
    void drain(socket.procedure<number[]>("add"), (request) =>
      request.end(request.data.reduce((sum, each) => sum + each, 0)),
    );
    void drain(socket.procedure("refuse"), (request) =>
      request.error(Object.assign(new Error("not you"), { name: "RefusedError" })),
    );
    void drain(socket.procedure<string>("login"), (request) => {
      void socket.setAuthToken({ name: request.data });
      request.end();
    });
    void drain(socket.procedure("logout"), (request) => {
      void socket.deauthenticate();
      request.end();
    });
    void drain(socket.procedure("leave"), (request) => {
      void socket.kickOut("news", "enough");
      request.end();
    });
    const greet = (name: unknown): void => {
      transmitted.push(name);
      void socket.transmit("welcome", { to: name });
    };
    void drain(socket.receiver("hello"), greet);
    // Clients of version 4 number all that they send, and wait for no answer.
    void drain(socket.procedure("hello"), (request) => {
      greet(request.data);
      request.end();
    });
  });
  return { transmitted };
}

/** What a client and the server experience from its connection to its end. */
async function story(client: OldClient, server: AGServer, transmitted: unknown[]): Promise<unknown> {
  const codes: number[] = [];
  void drain(server.listener("disconnection"), ({ code }) => codes.push(code));
  await client.connected();
  const inbox = await client.subscribe("news");
  await client.publish("news", { n: 1 });
  const sum = await client.invoke("add", [1, 2, 3]);
  const failure = await client
    .invoke("refuse", null)
    .catch(({ name, message }: Error) => ({ name, message }));
  const welcome = client.hears("welcome");
  client.transmit("hello", "ann");
  const welcomed = await welcome;
  const authenticated = client.authState("authenticated");
  await client.invoke("login", "ann");
  await authenticated;
  const [socket] = Object.values(server.clients);
  const name = socket?.authToken?.name;
  const deauthenticated = client.authState("unauthenticated");
  await client.invoke("logout", null);
  await deauthenticated;
  await server.exchange.invokePublish("news", { n: 2 });
  const kickedOut = client.kickedOut("news");
  await client.invoke("leave", null);
  const reason = await kickedOut;
  await server.exchange.invokePublish("news", { n: 3 });
  await client.invoke("add", [1]);
  client.disconnect();
  await vi.waitUntil(() => codes.length > 0, DEADLINE_MS);
  return { inbox, sum, failure, transmitted, welcomed, name, reason, codes, clients: server.clientsCount };
}

const EXPECTED = {
  inbox: [{ n: 1 }, { n: 2 }],
  sum: 6,
  failure: { message: "not you" },
  transmitted: ["ann"],
  welcomed: { to: "ann" },
  name: "ann",
  reason: "enough",
  codes: [expect.any(Number)], // versions 9 and 10 give none when they disconnect, which is 1005; the others 1000
  clients: 0,
};

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

async function run(
  which: Implementation,
  protocolVersion: 1 | 2,
  create: (port: number) => OldClient,
): Promise<unknown> {
  const { server, port, stop } = await start(which, { protocolVersion });
  opened.push(stop);
  const { transmitted } = serve(server);
  return story(create(port), server, transmitted);
}

async function runOnBoth(protocolVersion: 1 | 2, create: (port: number) => OldClient): Promise<unknown[]> {
  const here = await run("native", protocolVersion, create);
  return [here, await run("upstream", protocolVersion, create)];
}

describe("A client from its connection to its end experiences what it does on the original", () => {
  it.each(CALLBACK_CLIENTS)("version %i", async (version) => {
    const [here, there] = await runOnBoth(1, (port) => callbackClient(version, port));

    expect(here).toEqual(there);
    expect(here).toMatchObject(EXPECTED);
  });

  it.each(STREAM_CLIENTS)("version %i", async (version) => {
    const [here, there] = await runOnBoth(2, (port) => streamClient(version, port));

    expect(here).toEqual(there);
    expect(here).toMatchObject(EXPECTED);
  });
});

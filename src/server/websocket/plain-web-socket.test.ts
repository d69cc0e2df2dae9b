import type { Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import { startServer, type TestServer, until } from "../test-server.ts";
import type { PlainWebSocket } from "./plain-web-socket.ts";
import { closeOf, endOf, fillUp, frame, goodbye, RawSocket, text } from "./test-raw-socket.ts";

const servers: TestServer[] = [];
const rawClients: RawSocket[] = [];

afterEach(() => {
  for (const { socket } of rawClients.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function start(wsEngineServerOptions: Record<string, unknown> = {}): Promise<TestServer> {
  const server = await startServer({ options: { wsEngineServerOptions } });
  servers.push(server);
  return server;
}

async function joinRaw(server: TestServer, first?: readonly Buffer[]): Promise<RawSocket> {
  const raw = new RawSocket(server.port);
  rawClients.push(raw);
  return raw.join(first);
}

/** What it does beyond what web-socket.test.ts demands of any. */
describe("PlainWebSocket", () => {
  it("answers every ping of a client that reads, however many come at once", async () => {
    const server = await start();
    const raw = await joinRaw(server);
    const { _socket: socket } = endOf(server) as WebSocket & { _socket: Socket };
    const write = vi.spyOn(socket, "write");
    raw.send(...Array.from({ length: 5_000 }, () => frame(9, "x")));

    await until("all pongs", () => raw.heard.length === 5_000 * 3);
    expect(server.core.socketCount).toBe(1);
    expect(write.mock.calls.length).toBeLessThan(100);
  });

  it("does not cut off a slow client for a ping", async () => {
    const server = await start();
    const raw = await joinRaw(server);
    const ws = endOf(server);
    raw.send(...Array.from({ length: 100 }, () => frame(9)));
    await until("all pongs", () => raw.heard.length === 200);
    raw.socket.pause();
    await fillUp(ws);
    raw.send(frame(9, "still here"), text("and well"));
    await until("it is heard", () => server.core.counters.messagesIn === 2);
    raw.socket.resume();

    await until("the pong", () => raw.heard.includes("still here"));
    expect(ws.readyState).toBe(1);
  });

  it("cuts off who sends no more, but does not read either", async () => {
    const server = await start({ closeTimeout: 50 });
    const raw = await joinRaw(server);
    const ws = endOf(server);
    raw.socket.pause();
    await fillUp(ws);
    const closed = closeOf(ws);
    raw.socket.end();

    expect((await closed).code).toBe(1006);
    expect(server.core.closing.size).toBe(0);
  });

  it("is over once the client has said goodbye: nothing is delivered any more, and it is closed cleanly", async () => {
    const server = await start();
    const raw = await joinRaw(server);
    raw.send(text('{"event":"#subscribe","data":{"channel":"c"},"cid":2}'));
    await until("the answer", () => raw.heard.includes('"rid":2'));
    raw.heard = Buffer.alloc(0);
    const publish = text('{"event":"#publish","data":{"channel":"c","data":1}}');
    raw.send(publish, goodbye(1000));
    const other = await joinRaw(server);
    other.send(publish, publish);
    await until("all is published", () => server.core.pubsub.publicationCount === 3);
    await until("the end", () => raw.hasEnded);

    expect(raw.heard.subarray(-4)).toEqual(Buffer.from([0x88, 2, 0x03, 0xe8]));
    expect(raw.error).toBeUndefined();
    expect(server.core.open.size).toBe(1);
    raw.socket.end();
    await until("it is gone", () => server.core.closing.size === 0);
  });

  it("sends what waits before an application's own goodbye, and nothing after it", async () => {
    const server = await start();
    const raw = await joinRaw(server);
    const [connection] = server.core.open.values();
    connection?.transmit("last");
    endOf(server).close(4000);
    connection?.transmit("late");

    await until("the goodbye", () => raw.heard.length > 4);
    raw.send(goodbye(4000));
    await until("the end", () => raw.hasEnded);
    const [message, bye] = [raw.heard.subarray(0, -4), raw.heard.subarray(-4)];
    expect(message.subarray(2).toString()).toBe('{"event":"last"}');
    expect(bye).toEqual(Buffer.from([0x88, 2, 0x0f, 0xa0]));
  });

  it("is closed by a goodbye also where it was paused by a message before it", async () => {
    const server = await start();
    const raw = await joinRaw(server);
    const ws = endOf(server);
    ws.once("message", () => ws.pause());
    const closed = closeOf(ws);
    raw.send(text("wait"), goodbye(4000));
    await until("the goodbye", () => raw.hasEnded);
    raw.socket.end(text("more"));

    expect((await closed).code).toBe(4000);
  });

  it("counts among what is buffered what was written past the socket's stream, and what waits for the turn's end", async () => {
    const server = await start();
    const raw = await joinRaw(server);
    const [connection] = server.core.open.values();
    raw.socket.pause();
    connection?.transmit("much", "x".repeat(100_000));
    expect(endOf(server).bufferedAmount).toBeGreaterThan(100_000);
    await until("something waits", () => {
      connection?.transmit("much", "x".repeat(100_000));
      return endOf(server).bufferedAmount > 1_000_000;
    });
    raw.socket.resume();

    await until("all has gone", () => endOf(server).bufferedAmount === 0);
  });

  it("drops what was begun when it closes", async () => {
    const server = await start();
    const raw = await joinRaw(server);
    const ws = endOf(server) as unknown as PlainWebSocket;
    const closed = closeOf(endOf(server));
    raw.send(frame(1, "begun", false), frame(0, "cut").subarray(0, 7));
    await until("both have come", () => ws.fragments !== undefined && ws.unfinished !== undefined);
    raw.socket.destroy();
    await closed;

    expect([ws.fragments, ws.unfinished]).toEqual([undefined, undefined]);
  });

  it("leaves nothing behind: no listener, no timer, no reference", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const server = await start();
    const gone = await openAndClose(server);

    expect(server.core.closing.size).toBe(0);
    await until("all is collected", () => {
      collect();
      return gone.every((reference) => reference.deref() === undefined);
    });
  });
});

/** Goes through every way to end. Nothing of the connections is on the caller's stack afterwards. */
async function openAndClose(server: TestServer): Promise<WeakRef<object>[]> {
  const references: WeakRef<object>[] = [];
  for (const end of ["goodbye", "reset", "fault", "close", "terminate"] as const) {
    const raw = await joinRaw(server);
    const ws = endOf(server) as WebSocket & { _socket: Socket };
    const [connection] = server.core.open.values();
    references.push(new WeakRef(ws), new WeakRef(ws._socket), new WeakRef(connection as object));
    const closed = closeOf(ws);
    raw.send(frame(9), frame(1, "begun", false));
    await until("the pong", () => raw.heard.length > 0);
    if (end === "goodbye") raw.send(goodbye(4000));
    if (end === "reset") raw.socket.resetAndDestroy();
    if (end === "fault") raw.send(frame(3));
    if (end === "close") {
      ws.close(4000);
      raw.send(goodbye(4000));
    }
    if (end === "terminate") ws.terminate();
    raw.socket.end();
    await closed;
  }
  return references;
}

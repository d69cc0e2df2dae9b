import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Stream } from "node:stream";
import * as v8 from "node:v8";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Publication } from "../pubsub/publication.ts";
import { startServer, type TestServer, until } from "./test-server.ts";
import { PlainWebSocket } from "./websocket/plain-web-socket.ts";

// What a delivery and an idle connection may cost, by counting what is made: figures in time stand in bench/.

let server: TestServer;
const sockets: Socket[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

describe("Delivering a publication", () => {
  it("encodes once and makes the same Buffers for a hundred subscribers as for ten", async () => {
    server = await startServer();
    await subscribe(100, "hundred");
    await subscribe(10, "ten");

    const ten = deliveredTo("ten");
    const hundred = deliveredTo("hundred");

    expect(ten.writes).toBe(10);
    expect(hundred.writes).toBe(100);
    expect(hundred.buffers).toBe(ten.buffers);
    // One frame, and nothing else.
    expect(hundred.buffers).toBe(1);
    expect(hundred.encodes).toBe(0);
  });

  it("parses a client's publish once and encodes nothing, also with its acknowledgement", async () => {
    server = await startServer();
    await subscribe(10, "news");
    const [publisher] = await subscribe(1, "other");
    const parse = vi.spyOn(JSON, "parse");
    const stringify = vi.spyOn(JSON, "stringify");
    const { counters } = server.core;
    const writes = counters.writes;

    publisher?.write(masked('{"event":"#publish","data":{"channel":"news","data":{"a":1}},"cid":9}'));
    await until("the deliveries", () => counters.writes === writes + 11);

    expect(parse).toHaveBeenCalledTimes(1);
    expect(stringify).not.toHaveBeenCalled();
  });
});

describe("An idle connection", () => {
  it("is one stream, one WebSocket and no timer of its own", async () => {
    server = await startServer();
    await subscribe(1, "first");
    const before = { ...living(), timers: timers() };

    await subscribe(50, "news");

    const now = living();
    // The client's end of each is a stream of this process, too.
    expect(now.streams - before.streams).toBe(2 * 50);
    expect(now.webSockets - before.webSockets).toBe(50);
    expect(timers()).toBeLessThanOrEqual(before.timers);
  });
});

function deliveredTo(channel: string): { buffers: number; encodes: number; writes: number } {
  const makers = (["allocUnsafe", "alloc", "from", "concat"] as const).map((name) => vi.spyOn(Buffer, name));
  const stringify = vi.spyOn(JSON, "stringify");
  const { counters, pubsub } = server.core;
  const before = counters.writes;
  const publication = new Publication(channel, Buffer.from('{"a":1}'));
  for (const maker of makers) maker.mockClear();

  pubsub.publish(publication, () => {});
  pubsub.hub.flush();
  server.core.writer.flush();

  const buffers = makers.reduce((sum, maker) => sum + maker.mock.calls.length, 0);
  const result = { buffers, encodes: stringify.mock.calls.length, writes: counters.writes - before };
  vi.restoreAllMocks();
  return result;
}

/** What is alive after a collection. `queryObjects` is younger than the types of Node 20. */
function living(): { streams: number; webSockets: number } {
  const { queryObjects } = v8 as unknown as { queryObjects: (type: unknown) => number };
  return { streams: queryObjects(Stream), webSockets: queryObjects(PlainWebSocket) };
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}

/** Clients that are no more than a socket. */
async function subscribe(count: number, channel: string): Promise<Socket[]> {
  const made = await Promise.all(Array.from({ length: count }, () => client(channel)));
  sockets.push(...made);
  return made;
}

async function client(channel: string): Promise<Socket> {
  const socket = connect(server.port, "127.0.0.1");
  socket.write(
    "GET /socketcluster/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  );
  await heard(socket, "\r\n\r\n");
  socket.write(masked('{"event":"#handshake","data":{"authToken":null},"cid":1}'));
  socket.write(masked(`{"event":"#subscribe","data":{"channel":"${channel}"},"cid":2}`));
  await heard(socket, '"rid":2');
  return socket.resume();
}

/** Reads until this has come. */
async function heard(socket: Socket, text: string): Promise<void> {
  let all = "";
  while (!all.includes(text)) all += String((await once(socket, "data"))[0]);
}

/** A short text message as clients send it, with a mask of zeros. */
function masked(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}

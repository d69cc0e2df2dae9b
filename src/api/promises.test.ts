import { createHook } from "node:async_hooks";
import { connect } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startApp, type TestApp } from "./test-app.ts";

const SUBSCRIBERS = 10;
const MESSAGES = 100;
const QUIET_MS = 30;
/** The test runner makes promises of its own meanwhile. */
const OF_THE_RUNNER = /node_modules\/(vitest|@vitest|vite|tinypool|birpc)\//;
/** Without a file, a promise only follows another, which was seen where it was made. */
const FILE = /[/\\][^/\\:]+\.[cm]?[jt]s:\d+/;

let app: TestApp;
afterEach(() => app.stop());

/** A client that is nothing but a TCP socket, so that every promise made while it speaks is the server's. */
class RawClient {
  heard = "";
  readonly socket = connect(app.port, "127.0.0.1");

  constructor() {
    this.socket.on("data", (chunk) => {
      this.heard += chunk.toString("latin1");
    });
    this.socket.write(
      "GET /socketcluster/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    this.send({ event: "#handshake", data: {}, cid: 1 });
  }

  send(packet: object): void {
    const payload = Buffer.from(JSON.stringify(packet));
    // Masked with zeros, as clients must.
    this.socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]));
  }

  count(text: string): number {
    return this.heard.split(text).length - 1;
  }
}

/** Where promises were made from `start` until this holds. */
function promisesUntil(done: () => boolean, start: () => void): Promise<string[]> {
  const promises: string[] = [];
  const hook = createHook({
    init(_id, type) {
      if (type !== "PROMISE") return;
      const [, , ...makers] = (new Error().stack ?? "").split("\n");
      const stack = makers.filter((line) => FILE.test(line)).join("\n");
      if (stack !== "" && !OF_THE_RUNNER.test(stack)) promises.push(stack);
    },
  });
  return new Promise((resolve) => {
    hook.enable();
    start();
    const look = (): void => {
      if (!done()) {
        setTimeout(look, 5);
        return;
      }
      hook.disable();
      resolve(promises);
    };
    look();
  });
}

function lasting(ms: number): () => boolean {
  const end = performance.now() + ms;
  return () => performance.now() >= end;
}

describe("A server whose application listens to nothing", () => {
  it("makes no promise for a message, its deliveries and its acknowledgement, nor for a subscription", async () => {
    app = await startApp();
    const clients = Array.from({ length: SUBSCRIBERS }, () => new RawClient());
    const handshakes = await promisesUntil(
      () => clients.every((client) => client.count('"isAuthenticated"') === 1),
      () => {},
    );

    // What follows an answered handshake may still be on its way.
    while ((await promisesUntil(lasting(QUIET_MS), () => {})).length > 0);

    const subscriptions = await promisesUntil(
      () => clients.every((client) => client.count('{"rid":2}') === 1),
      () => {
        for (const client of clients) client.send({ event: "#subscribe", data: { channel: "news" }, cid: 2 });
      },
    );
    const [publisher] = clients;
    const messages = await promisesUntil(
      () =>
        clients.every((client) => client.count('"#publish"') === MESSAGES) &&
        publisher?.count("rid") === MESSAGES + 2,
      () => {
        for (let n = 0; n < MESSAGES; n++) {
          publisher?.send({ event: "#publish", data: { channel: "news", data: n }, cid: 3 + n });
        }
      },
    );
    for (const { socket } of clients) socket.destroy();

    expect(subscriptions).toEqual([]);
    expect(messages).toEqual([]);
    // The handshake alone may wait for a token to be checked.
    expect(handshakes.length / SUBSCRIBERS).toBeLessThan(20);
    expect(handshakes.length).toBeGreaterThan(0);
  });

  it("parses a publication once, to see that it is one, and never for its subscribers", async () => {
    app = await startApp();
    const [publisher, ...subscribers] = Array.from({ length: SUBSCRIBERS }, () => new RawClient());
    const all = [publisher as RawClient, ...subscribers];
    for (const client of all) client.send({ event: "#subscribe", data: { channel: "news" }, cid: 2 });
    await vi.waitUntil(() => all.every((client) => client.count('"rid":2') === 1));
    const parse = vi.spyOn(JSON, "parse");

    for (let n = 0; n < MESSAGES; n++)
      publisher?.send({ event: "#publish", data: { channel: "news", data: n } });
    await vi.waitUntil(() => all.every((client) => client.count('"#publish"') === MESSAGES));

    expect(parse).toHaveBeenCalledTimes(MESSAGES);
    parse.mockRestore();
  });
});

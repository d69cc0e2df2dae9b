import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { drain } from "./drain/drain.ts";
import { startServer, type TestServer, type TestSetup, until, within } from "./test-server.ts";

/** What clients do that mean harm, or are broken. */
describe("A server of clients", () => {
  const servers: TestServer[] = [];

  async function start(setup: TestSetup = {}): Promise<TestServer> {
    const server = await startServer(setup);
    servers.push(server);
    return server;
  }

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  it("survives those who ask for an upgrade elsewhere and hang up at once", async () => {
    const server = await start();
    for (let n = 0; n < 100; n++) {
      const socket = connect(server.port, "127.0.0.1");
      await within("a connection", (resolve) => socket.on("connect", () => resolve(undefined)));
      const upgrade = ["GET /x HTTP/1.1", "Host: x", "Connection: Upgrade", "Upgrade: websocket", "", ""];
      socket.write(upgrade.join("\r\n"), () => socket.resetAndDestroy());
      await within("the end", (resolve) => socket.on("close", () => resolve(undefined)));
    }

    await server.join();
  });

  it("lets one client hold only so many characters of channel names", async () => {
    const server = await start({ options: { socketChannelLimit: 1000 } });
    const ann = await server.join();
    const subscribe = (cid: number, channel: string): void =>
      ann.say(JSON.stringify({ event: "#subscribe", data: { channel }, cid }));
    const long = (n: number): string => `${n}`.padEnd(60_000, "x");
    for (let n = 2; n <= 6; n++) subscribe(n, long(n));
    subscribe(7, "short");
    subscribe(8, long(2));
    const answers: unknown[] = [];
    for (let n = 2; n <= 8; n++) answers.push(await ann.hearJson());

    expect(answers.map((answer) => "error" in (answer as object))).toEqual([
      ...[false, false, false, false, true], // 256 characters each on average
      ...[false, false],
    ]);
    expect(answers[4]).toMatchObject({
      error: { message: expect.stringContaining("limit of 256000 characters in the names of its channels") },
    });
  });

  it("does nothing more for a connection that a packet of the same message has ended", async () => {
    const server = await start();
    const [watcher, intruder] = [await server.join(), await server.connect()];
    watcher.say('{"event":"#subscribe","data":{"channel":"news"},"cid":2}');
    await watcher.hear();
    intruder.say('[{"event":"first"},{"event":"#publish","data":{"channel":"news","data":"intruded"}}]');

    expect((await intruder.closed).code).toBe(4009);
    watcher.say('{"event":"#publish","data":{"channel":"news","data":"own"},"cid":3}');
    expect(await watcher.hear()).not.toContain("intruded");
    expect(server.core.pubsub.publicationCount).toBe(1);
  });

  it("does nothing for what waits behind a handshake that middleware blocks", async () => {
    const server = await start();
    server.core.middleware.handshake = async ({ type }) => {
      if (type === "handshakeSC") throw new Error("not you");
      return undefined;
    };
    const client = await server.connect();
    client.say('{"event":"#handshake","data":{},"cid":1}');
    client.say('{"event":"#publish","data":{"channel":"news","data":1}}');

    expect((await client.closed).code).toBe(4008);
    expect(server.core.pubsub.publicationCount).toBe(0);
  });

  it("closes also where it is told to with a code or a reason that no close frame can hold", async () => {
    const server = await start();
    server.core.middleware.handshake = async ({ type }) => {
      if (type === "handshakeSC") throw Object.assign(new Error("no"), { statusCode: 401 });
      return undefined;
    };
    const refused = await server.connect();
    refused.say('{"event":"#handshake","data":{},"cid":1}');
    expect((await refused.closed).code).toBe(4008);

    server.core.middleware.handshake = undefined;
    const wordy = await server.join();
    for (const connection of server.core.open.values()) connection.close(4501, "\u00fc\u{1f4a5}".repeat(200));
    const { code, reason } = await wordy.closed;
    expect([code, reason.startsWith("\u00fc\u{1f4a5}")]).toEqual([4501, true]);
    await until("nothing is left", () => server.core.socketCount === 0);
  });

  it("waits no longer for middleware to decide about an upgrade than a handshake may take, nor when it parts with all", async () => {
    const server = await start({ options: { handshakeTimeout: 50 } });
    let asked = 0;
    server.core.middleware.handshake = () => {
      asked += 1;
      return new Promise(() => {});
    };
    const late = server.connect();
    await expect(late).rejects.toThrow("socket hang up");

    const other = await start();
    other.core.middleware.handshake = server.core.middleware.handshake;
    const parted = expect(other.connect()).rejects.toThrow("socket hang up");
    await until("it is asked about", () => asked === 2);
    await drain(other.core, { perSecond: 100, deadlineMs: 5000 });
    await parted;
    expect([server.core.undecided.size, other.core.undecided.size]).toEqual([0, 0]);
  });

  it("takes no large message before the handshake", async () => {
    const server = await start();
    const client = await server.connect();
    client.say(`[${"{},".repeat(100_000)}{}]`);

    expect((await client.closed).code).toBe(4009);
  });

  it("takes no batch of any number of packets, and goes on", async () => {
    const server = await start();
    const client = await server.join();
    client.say(`[${'{"event":"#publish","data":{"channel":"c"}},'.repeat(20_000)}{}]`);
    client.say('{"event":"#publish","data":{"channel":"c"},"cid":2}');

    expect(await client.hear()).toBe('{"rid":2}');
    expect(server.core.pubsub.publicationCount).toBe(1);
  });

  it("passes nothing on that is not UTF-8, nor names of any length", async () => {
    const server = await start();
    const client = await server.join();
    const head = Buffer.from('{"event":"#publish","data":{"channel":"c","data":"');
    client.ws.send(Buffer.concat([head, Buffer.alloc(100, 0xff), Buffer.from('"}}')]));
    client.say(JSON.stringify({ event: "#subscribe", data: { channel: "x".repeat(70_000) }, cid: 2 }));

    expect(await client.hear()).toContain("malformatted");
    expect(server.core.pubsub.publicationCount).toBe(0);
    client.say(JSON.stringify({ event: "#subscribe", data: { channel: "x".repeat(10_000) }, cid: 3 }));
    expect(await client.hear()).toBe('{"rid":3}');
  });

  it("pauses a client whose messages wait for middleware, by their bytes", async () => {
    const server = await start({ options: { maxBufferedBytes: 100_000 } });
    const client = await server.join();
    let allow: () => void = () => {};
    server.core.middleware.inbound = () =>
      new Promise((resolve) => {
        allow = () => resolve(undefined);
      });
    const [connection] = server.core.open.values();
    for (let n = 0; n < 20; n++) client.say(JSON.stringify({ event: "e", data: "x".repeat(20_000) }));

    await until("it is paused", () => connection?.ws.isPaused === true);
    expect(server.core.counters.bytesIn).toBeLessThan(250_000);
    server.core.middleware.inbound = undefined;
    allow();
    await until("all are read", () => server.core.counters.bytesIn > 400_000);
  });

  it("closes a client for which too much waits for outbound middleware", async () => {
    const server = await start({ options: { maxQueuedPackets: 50 } });
    const client = await server.join();
    client.say('{"event":"#subscribe","data":{"channel":"c"},"cid":2}');
    await client.hear();
    server.core.middleware.outbound = () => new Promise(() => {});
    for (let n = 0; n < 100; n++) client.say('{"event":"#publish","data":{"channel":"c","data":1}}');

    expect((await client.closed).code).toBe(4100);
    expect(server.core.counters.slowConsumers).toBe(1);
  });
});

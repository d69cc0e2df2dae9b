import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { startServer, type TestServer, type TestSetup, until } from "./test-server.ts";

let server: TestServer;
afterEach(() => server.close());

async function start(setup?: TestSetup): Promise<TestServer> {
  server = await startServer(setup);
  return server;
}

describe("A server, to a client that speaks version 2", () => {
  it("answers a handshake with the connection's id and what it expects of it", async () => {
    await start();
    const client = await server.connect();

    client.say('{"event":"#handshake","data":{"authToken":null},"cid":1}');

    const id = [...server.core.pending.keys()][0];
    expect(id).toMatch(/^[\w-]{20}$/);
    expect(await client.hear()).toBe(
      `{"rid":1,"data":{"id":"${id}","pingTimeout":30000,"isAuthenticated":false}}`,
    );
  });

  it("acknowledges a subscription and a publish, and delivers to who is subscribed", async () => {
    await start();
    const [ann, bob] = [await server.join(), await server.join()];

    ann.say('{"event":"#subscribe","data":{"channel":"news"},"cid":2}');
    expect(await ann.hear()).toBe('{"rid":2}');
    bob.say('{"event":"#publish","data":{"channel":"news","data":{"a": 1}},"cid":2}');
    expect(await bob.hear()).toBe('{"rid":2}');

    expect(await ann.hear()).toBe('{"event":"#publish","data":{"channel":"news","data":{"a": 1}}}');
  });

  it("delivers a publication without data, and one without a call", async () => {
    await start();
    const ann = await server.join();
    ann.say('{"event":"#subscribe","data":{"channel":"news"},"cid":2}');
    await ann.hear();

    ann.say('{"event":"#publish","data":{"channel":"news"}}');

    expect(await ann.hear()).toBe('{"event":"#publish","data":{"channel":"news"}}');
  });

  it("handles the packets of a batch in their order", async () => {
    await start();
    const ann = await server.join();

    ann.say(
      '[{"event":"#subscribe","data":{"channel":"a"},"cid":2},' +
        '{"event":"#publish","data":{"channel":"a","data":1},"cid":3},' +
        '{"event":"#unsubscribe","data":"a","cid":4}]',
    );

    expect([await ann.hear(), await ann.hear(), await ann.hear(), await ann.hear()]).toEqual([
      '{"rid":2}',
      '{"rid":3}',
      '{"event":"#publish","data":{"channel":"a","data":1}}',
      '{"rid":4}',
    ]);
  });

  it("answers what is malformed, and what cannot be done, with the errors clients know", async () => {
    await start({ options: { socketChannelLimit: 1 } });
    const ann = await server.join();

    ann.say('{"event":"#subscribe","data":[null],"cid":2}');
    ann.say('{"event":"#unsubscribe","data":"never","cid":3}');
    ann.say('{"event":"#subscribe","data":{"channel":"one"},"cid":4}');
    ann.say('{"event":"#subscribe","data":{"channel":"one"},"cid":5}');
    ann.say('{"event":"#subscribe","data":{"channel":"two"},"cid":6}');

    expect(await ann.hearJson()).toMatchObject({ rid: 2, error: { name: "InvalidActionError" } });
    expect(await ann.hearJson()).toMatchObject({ rid: 3, error: { name: "BrokerError" } });
    expect(await ann.hearJson()).toEqual({ rid: 4 });
    expect(await ann.hearJson()).toEqual({ rid: 5 }); // again is the same as once, also at the limit
    expect(await ann.hearJson()).toMatchObject({ rid: 6, error: { name: "BrokerError" } });
  });

  it("tells a publisher what its broker said, with code and whether to try again", async () => {
    const failure = Object.assign(new Error("no owner"), {
      name: "BrokerError",
      code: "SCC_PUBLISH_TIMEOUT",
      retryable: true,
    });
    const broken = { publish: (_: unknown, settle: (error?: Error) => void) => settle(failure) };
    await start({
      broker: () => ({ ...broken, subscribe: (_, settle) => settle(failure), unsubscribe: () => {} }),
    });
    const ann = await server.join();

    ann.say('{"event":"#publish","data":{"channel":"news","data":1},"cid":2}');
    ann.say('{"event":"#subscribe","data":{"channel":"news"},"cid":3}');

    const error = { name: "BrokerError", code: "SCC_PUBLISH_TIMEOUT", retryable: true };
    expect(await ann.hearJson()).toMatchObject({ rid: 2, error: { ...error, message: "no owner" } });
    expect(await ann.hearJson()).toMatchObject({ rid: 3, error });
    expect(server.core.pubsub.hub.channelCount).toBe(0);
  });

  it("serves channels whatever their names are", async () => {
    await start();
    const ann = await server.join();
    for (const channel of ["__proto__", "constructor", 'a"b\\', "ü", "x".repeat(10_000)]) {
      ann.say(JSON.stringify({ event: "#subscribe", data: { channel }, cid: 2 }));
      expect(await ann.hear()).toBe('{"rid":2}');
      ann.say(JSON.stringify({ event: "#publish", data: { channel, data: 1 } }));
      expect(await ann.hearJson()).toEqual({ event: "#publish", data: { channel, data: 1 } });
    }
  });

  it("pings a client, and closes it with 4001 when it says nothing for too long", async () => {
    const clock = new VirtualClock();
    await start({ clock, options: { pingInterval: 8_000, pingTimeout: 20_000 } });
    const ann = await server.join();

    clock.advance(9_000);
    expect(await ann.hear()).toBe("");
    const { messagesIn } = server.core.counters;
    ann.say("");
    await until("the pong", () => server.core.counters.messagesIn > messagesIn);
    clock.advance(19_000);
    expect(server.core.open.size).toBe(1);
    clock.advance(3_000);

    expect(await ann.closed).toEqual({ code: 4001, reason: "" });
  });

  it("closes with 4005 who makes no handshake in time", async () => {
    const clock = new VirtualClock();
    await start({ clock });
    const ann = await server.connect();

    clock.advance(11_000);

    expect(await ann.closed).toMatchObject({ code: 4005 });
    expect(server.core.counters.aborted).toBe(1);
  });

  it("closes with 4009 who says anything before its handshake, also what is no JSON", async () => {
    await start();
    for (const message of ['{"event":"hi"}', "", "gibberish", '{"rid":1}']) {
      const client = await server.connect();
      client.say(message);
      expect(await client.closed).toMatchObject({ code: 4009 });
    }
  });

  it("closes with 4008 whose handshake cannot be answered", async () => {
    await start();
    const ann = await server.connect();

    ann.say('{"event":"#handshake"}');

    expect(await ann.closed).toMatchObject({ code: 4008 });
  });

  it("refuses to publish for clients where that is turned off", async () => {
    await start({ options: { allowClientPublish: false } });
    const ann = await server.join();

    ann.say('{"event":"#publish","data":{"channel":"news","data":1},"cid":2}');

    expect(await ann.hearJson()).toMatchObject({
      rid: 2,
      error: { name: "InvalidActionError", message: "Client publish feature is disabled" },
    });
  });
});

describe("A server, to a client that speaks version 1", () => {
  it("pings with #1 and takes #2 for the answer", async () => {
    const clock = new VirtualClock();
    await start({ clock, options: { protocolVersion: 1 } });
    const ann = await server.join();

    clock.advance(9_000);
    expect(await ann.hear()).toBe("#1");
    ann.say("#2");
    ann.say('{"event":"#unsubscribe","data":"x","cid":2}');

    expect(await ann.hearJson()).toMatchObject({ rid: 2 });
    expect(server.core.counters.messagesIn).toBe(3);
  });
});

describe("A server's upgrades", () => {
  it("are refused for other paths when nobody else listens for them", async () => {
    await start();
    const ws = new WebSocket(`ws://127.0.0.1:${server.port}/elsewhere`);

    const [error] = (await once(ws, "error")) as [Error];

    expect(error.message).toContain("400");
  });

  it("are left to others when they are for other paths", async () => {
    await start();
    server.http.on("upgrade", (request, socket) => {
      if (request.url === "/elsewhere") socket.end("HTTP/1.1 418 Teapot\r\n\r\n");
    });
    const ws = new WebSocket(`ws://127.0.0.1:${server.port}/elsewhere`);

    const [error] = (await once(ws, "error")) as [Error];

    expect(error.message).toContain("418");
  });

  it("are refused for pages of other origins", async () => {
    await start({ options: { origins: "good.example:*" } });
    const url = `ws://127.0.0.1:${server.port}/socketcluster/`;
    const good = new WebSocket(url, { origin: "https://good.example" });
    await once(good, "open");
    const bad = new WebSocket(url, { origin: "https://bad.example" });

    const [error] = (await once(bad, "error")) as [Error];

    expect(error.message).toContain("403");
    good.terminate();
  });
});

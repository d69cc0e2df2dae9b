import { afterEach, describe, expect, it } from "vitest";
import type { AGAction } from "./action.ts";
import type { AGServerOptions } from "./options.ts";
import { next, startApp, subscribe, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

async function connected(options?: AGServerOptions) {
  app = await startApp(options);
  const connection = next(app.server.listener("connection"));
  const client = await app.connect();
  const { socket } = await connection;
  return { client, socket };
}

/** Outbound middleware that decides when it is told to. */
function heldBack(): AGAction[] {
  const waiting: AGAction[] = [];
  app.server.setMiddleware("outbound", async (stream) => {
    for await (const action of stream) {
      waiting.push(action);
      // Until a test has decided; that it may block is what some of them are about.
      await Promise.allSettled([action.promise]);
    }
  });
  return waiting;
}

describe("A socket", () => {
  it("whose input is closed processes nothing more, but is still spoken to", async () => {
    const { client, socket } = await connected();
    const heard: unknown[] = [];
    void (async () => {
      for await (const data of socket.receiver<number>("hi")) heard.push(data);
    })();
    await client.transmit("hi", 1);
    await next(socket.listener("message"));

    socket.closeInput();
    const came = next(socket.listener("message"));
    await client.transmit("hi", 2);
    await came;
    const there = next(client.receiver("ho"));
    await socket.transmit("ho", 3);

    expect(await there).toBe(3);
    expect(heard).toEqual([1]);
    expect(socket.getInboundBackpressure()).toBe(1);
  });

  it("whose output is closed is sent what waits, and only answers from then on", async () => {
    const { client, socket } = await connected();
    const waiting = heldBack();
    const news = await subscribe(client, "news");
    await app.server.exchange.invokePublish("news", 1);
    app.server.core.pubsub.hub.flush();
    await expect.poll(() => waiting.length).toBe(1);
    expect([socket.outboundPreparedMessageCount - socket.outboundSentMessageCount]).toEqual([1]);

    const received = next(news);
    socket.closeOutput();
    await expect(socket.invoke("anything")).rejects.toMatchObject({ name: "BadConnectionError" });
    void answer(socket.procedure("time"));
    waiting[0]?.allow();

    expect(await received).toBe(1);
    expect(await client.invoke("time")).toBe("now");
    expect(socket.getOutboundBackpressure()).toBe(0);
  });

  it("whose output is killed is not even sent what waits", async () => {
    const { client, socket } = await connected();
    const waiting = heldBack();
    await subscribe(client, "news");
    const messages: unknown[] = [];
    void (async () => {
      for await (const { message } of client.listener("message")) messages.push(message);
    })();
    for (const n of [1, 2]) await app.server.exchange.invokePublish("news", n);
    app.server.core.pubsub.hub.flush();
    await expect.poll(() => waiting.length).toBe(1);
    const call = socket.invoke("anything");

    socket.killOutput();
    waiting[0]?.block();

    await expect(call).rejects.toMatchObject({ name: "BadConnectionError" });
    void answer(socket.procedure("time"));
    await client.invoke("time");
    expect(messages.filter((message) => String(message).includes("#publish"))).toEqual([]);
  });

  it("sends what it was given when it was given, if told to clone", async () => {
    const { client, socket } = await connected({ cloneData: true });
    const received = next(client.receiver("hi"));
    const data = { list: [1], bytes: Buffer.from("a") };

    socket.startBatch();
    await socket.transmit("hi", data);
    data.list.push(2);
    data.bytes[0] = 98;
    socket.flushBatch();

    expect(await received).toEqual({ list: [1], bytes: { base64: true, data: "YQ==" } });
  });

  it("says null of what cannot be written", async () => {
    const { socket } = await connected();
    const error = next(socket.listener("error"));

    expect(socket.serializeObject({ n: 1n })).toBeNull();
    expect((await error).error).toBeInstanceOf(TypeError);
    expect(socket.serializeObject({ n: 1 })).toBe('{"n":1}');
  });

  it("has its data written once for all subscribers, also by another codec", async () => {
    let encoded = 0;
    const codecEngine = {
      decode: (message: unknown) => (message === "" ? "" : JSON.parse(String(message))),
      encode(packet: unknown): string {
        if (JSON.stringify(packet).includes("#publish")) encoded += 1;
        return JSON.stringify(packet);
      },
    };
    app = await startApp({ codecEngine });
    const clients = await Promise.all([app.connect(), app.connect(), app.connect()]);
    const channels = await Promise.all(clients.map((client) => subscribe(client, "news")));
    const received = channels.map((channel) => next(channel));

    await app.server.exchange.invokePublish("news", { id: 1 });

    expect(await Promise.all(received)).toEqual([{ id: 1 }, { id: 1 }, { id: 1 }]);
    expect(encoded).toBe(1);
  });
});

async function answer(calls: AsyncIterable<{ end(data?: unknown): void }>): Promise<void> {
  for await (const call of calls) call.end("now");
}

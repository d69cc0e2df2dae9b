import { afterEach, describe, expect, it } from "vitest";
import type { AGServerSocket } from "./server-socket.ts";
import { next, startApp, subscribe, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

describe("The official client", () => {
  it("connects, and is known by its id", async () => {
    app = await startApp();

    const client = await app.connect();

    expect(app.server.clientsCount).toBe(1);
    expect(Object.keys(app.server.clients)).toEqual([client.id]);
    expect(app.server.clients[client.id]?.state).toBe("open");
    expect(app.server.pendingClientsCount).toBe(0);
  });

  it("gets what another publishes, as soon as its subscription is acknowledged", async () => {
    app = await startApp();
    const [ann, bob] = [await app.connect(), await app.connect()];
    const news = await subscribe(ann, "news");

    const received = next(news);
    await bob.invokePublish("news", { id: 1, text: "ü" });

    expect(await received).toEqual({ id: 1, text: "ü" });
  });

  it("speaks protocol version 1 as well", async () => {
    app = await startApp({ protocolVersion: 1, pingInterval: 20 });
    const ann = await app.connect({ protocolVersion: 1 });
    const news = await subscribe(ann, "news");

    const received = next(news);
    await ann.invokePublish("news", 1);

    expect(await received).toBe(1);
  });

  it("calls procedures of the server, and is called by it", async () => {
    app = await startApp();
    const connected = next(app.server.listener("connection"));
    const client = await app.connect();
    const { socket } = await connected;
    void answer(socket, "double");

    expect(await client.invoke("double", 21)).toBe(42);
    await expect(client.invoke("double", "x")).rejects.toMatchObject({
      name: "TypeError",
      message: "not a number",
    });

    const call = next(client.procedure("who"));
    const answered = socket.invoke<string>("who", 1);
    (await call).end("me");
    expect(await answered).toBe("me");
  });

  it("transmits to the server, and is transmitted to", async () => {
    app = await startApp();
    const connected = next(app.server.listener("connection"));
    const client = await app.connect();
    const { socket } = await connected;

    const here = next(socket.receiver("hi"));
    await client.transmit("hi", [1]);
    expect(await here).toEqual([1]);

    const there = next(client.receiver("ho"));
    await socket.transmit("ho", { a: Buffer.from("b") });
    expect(await there).toEqual({ a: { base64: true, data: "Yg==" } });
  });

  it("is known by where it comes from and what it asked for", async () => {
    app = await startApp();
    const connected = next(app.server.listener("connection"));
    await app.connect({ query: { a: 1 } });
    const { socket } = await connected;

    expect(socket.remoteAddress).toMatch(/127\.0\.0\.1$/);
    expect(socket.request).toMatchObject({ url: "/socketcluster/?a=1", method: "GET" });
    expect(socket.request.headers.host).toBe(`127.0.0.1:${app.port}`);
    expect(socket.request.connection).toBe(socket.request.socket);
  });

  it("is told of nothing bad when events are named like parts of objects", async () => {
    app = await startApp();
    const connected = next(app.server.listener("connection"));
    const client = await app.connect();
    const { socket } = await connected;
    const proto = next(socket.receiver("__proto__"));
    const other = next(socket.receiver("other"));

    for (const event of ["constructor", "toString", "__proto__", "other"]) await client.transmit(event, 1);

    expect([await proto, await other]).toEqual([1, 1]);
  });

  it("is kicked out of a channel with a message, and gets no more of it", async () => {
    app = await startApp();
    const connected = next(app.server.listener("connection"));
    const client = await app.connect();
    const { socket } = await connected;
    const news = await subscribe(client, "news");
    expect(socket.subscriptions()).toEqual(["news"]);

    const kicked = next(news.listener("kickOut"));
    await socket.kickOut("news", "go");

    expect(await kicked).toMatchObject({ message: "go" });
    expect(socket.isSubscribed("news")).toBe(false);
    expect(app.server.core.pubsub.hub.channelCount).toBe(0);
  });

  it("ends with the code it was given, here and there", async () => {
    app = await startApp();
    const connected = next(app.server.listener("connection"));
    const client = await app.connect({ autoReconnect: false });
    const { socket } = await connected;
    await subscribe(client, "news");
    const here = next(socket.listener("disconnect"));
    const server = next(app.server.listener("disconnection"));
    const left = next(app.server.listener("unsubscription"));
    const there = next(client.listener("disconnect"));

    await socket.disconnect(4555, "enough");

    expect(await here).toEqual({ code: 4555, reason: "enough" });
    expect(await server).toMatchObject({ socket, code: 4555 });
    expect(await left).toMatchObject({ socket, channel: "news" });
    expect(await there).toMatchObject({ code: 4555, reason: "enough" });
    expect(app.server.clientsCount).toBe(0);
  });

  it("gets what is sent to it in batches as if there were none", async () => {
    app = await startApp();
    const connected = next(app.server.listener("connection"));
    const client = await app.connect();
    const { socket } = await connected;
    const news = await subscribe(client, "news");
    const message = next(client.listener("message"));
    const [published, transmitted] = [next(news), next(client.receiver("hi"))];

    socket.startBatch();
    await app.server.exchange.invokePublish("news", 1);
    app.server.core.pubsub.hub.flush();
    await socket.transmit("hi", 2);
    socket.flushBatch();

    expect(JSON.parse(String((await message).message))).toHaveLength(2);
    expect([await published, await transmitted]).toEqual([1, 2]);
  });
});

async function answer(socket: AGServerSocket, procedure: string): Promise<void> {
  for await (const request of socket.procedure<number>(procedure)) {
    if (typeof request.data === "number") request.end(request.data * 2);
    else request.error(Object.assign(new Error("not a number"), { name: "TypeError" }));
  }
}

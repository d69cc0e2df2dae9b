import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import type { AnswerClient, ClientInfo } from "../server/auth/verify.ts";
import type { DefaultBrokerEngine } from "./broker-engine.ts";
import { AGServer } from "./server.ts";
import { next, startApp, subscribe, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

describe("A server", () => {
  it("runs on another WebSocket engine, also a binary codec", async () => {
    const codecEngine = {
      encode: (packet: unknown) => Buffer.from(JSON.stringify(packet)),
      decode: (message: unknown) =>
        message === "" ? "" : JSON.parse(Buffer.from(message as ArrayBuffer).toString()),
    };
    for (const options of [{}, { codecEngine }]) {
      app = await startApp({ ...options, wsEngine: { Server: class extends WebSocketServer {} } });
      const client = await app.connect({ ...options, autoReconnect: false });
      const received = next(await subscribe(client, "news"));
      const long = "x".repeat(70_000);

      await client.invokePublish("news", long);
      expect(await received).toBe(long);
      expect(app.server.wsServer).toBeInstanceOf(WebSocketServer);

      const closed = next(app.server.listener("disconnection"));
      client.disconnect(1000);
      expect(await closed).toMatchObject({ code: 1000 });
      await app.stop();
    }
  });

  it("wants a WebSocket engine that is one", async () => {
    app = await startApp();

    await expect(startApp({ wsEngine: {} as never })).rejects.toMatchObject({ name: "InvalidOptionsError" });
    await expect(startApp({ wsEngine: "ws" }).then((other) => other.stop())).resolves.toBeUndefined();
  });

  it("lets a subclass decide who may connect", async () => {
    app = await startApp();
    class Closed extends AGServer {
      override verifyHandshake(info: ClientInfo, callback: AnswerClient): void {
        if (info.req.url?.includes("let-me-in")) super.verifyHandshake(info, callback);
        else callback(false, 403, "No");
      }
    }
    const httpServer = createServer().listen(0, "127.0.0.1");
    await once(httpServer, "listening");
    const server = new Closed({ httpServer });
    const { port } = httpServer.address() as AddressInfo;
    const refused = app.create({ port, autoReconnect: false });
    await next(refused.listener("connectAbort"));

    await app.connect({ port, query: { "let-me-in": 1 } });

    expect(server.clientsCount).toBe(1);
    await server.close();
    httpServer.close();
  });

  it("tells who listens what goes wrong with the HTTP server, and leaves it to the process where nobody does", async () => {
    app = await startApp();
    const second = createServer();
    const server = new AGServer({ httpServer: second });
    const failed = next(server.listener("error"));

    second.listen(app.port, "127.0.0.1");
    expect(await failed).toMatchObject({ error: { code: "EADDRINUSE" } });
    server.killAllListeners();
    await new Promise(setImmediate);
    expect(() => second.emit("error", new Error("unheard"))).toThrow("unheard");

    await server.close();
    expect(second.listenerCount("error")).toBe(0);
  });

  it("goes by options that are changed while it runs", async () => {
    app = await startApp();
    const client = await app.connect();
    await client.invokePublish("news", 1);

    app.server.allowClientPublish = false;
    app.server.socketChannelLimit = 1;

    expect([app.server.allowClientPublish, app.server.socketChannelLimit]).toEqual([false, 1]);
    await expect(client.invokePublish("news", 1)).rejects.toMatchObject({ name: "InvalidActionError" });
    await subscribe(client, "one");
    await expect(client.invoke("#subscribe", { channel: "two" })).rejects.toMatchObject({
      name: "BrokerError",
    });
  });
});

describe("The broker engine of a server", () => {
  it("tells of channels that get their first and lose their last subscriber, and of what is published", async () => {
    app = await startApp();
    const engine = app.server.brokerEngine as DefaultBrokerEngine;
    const told: unknown[] = [];
    for (const event of ["subscribe", "unsubscribe", "publish"] as const) {
      void (async () => {
        for await (const value of engine.listener(event)) told.push([event, value]);
      })();
    }
    const [ann, bob] = [await app.connect(), await app.connect()];
    for (const client of [ann, bob]) await subscribe(client, "news");

    await ann.invokePublish("news", { n: 1 });
    await engine.invokePublish("news", { n: 2 }, true);
    for (const client of [ann, bob]) await client.invoke("#unsubscribe", "news");

    expect(told).toEqual([
      ["subscribe", { channel: "news" }],
      ["publish", { channel: "news", data: { n: 1 } }],
      ["unsubscribe", { channel: "news" }],
    ]);
    expect(engine.isReady).toBe(true);
  });

  it("subscribes clients of the application's own making", async () => {
    app = await startApp();
    const engine = app.server.brokerEngine as DefaultBrokerEngine;
    const inbox: unknown[] = [];
    const client = { id: "mine", transmit: (...packet: unknown[]) => inbox.push(packet) };

    await engine.subscribeSocket(client, "news");
    await app.server.exchange.invokePublish("news", 1);
    await engine.unsubscribeSocket(client, "news");
    await app.server.exchange.invokePublish("news", 2);
    app.server.core.pubsub.hub.flush();

    expect(inbox).toEqual([["#publish", { channel: "news", data: 1 }]]);
  });
});

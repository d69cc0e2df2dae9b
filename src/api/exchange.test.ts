import { afterEach, describe, expect, it } from "vitest";
import type { Broker, Deliver } from "../pubsub/broker.ts";
import type { BrokerClient } from "./broker-engine.ts";
import { next, startApp, subscribe, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

describe("The exchange", () => {
  it("publishes to clients", async () => {
    app = await startApp();
    const client = await app.connect();
    const received = next(await subscribe(client, "news"));

    await app.server.exchange.invokePublish("news", { id: 1 });

    expect(await received).toEqual({ id: 1 });
  });

  it("consumes what clients publish", async () => {
    app = await startApp();
    const { exchange } = app.server;
    const channel = exchange.subscribe("news");
    const received = next(channel);
    const client = await app.connect();

    await client.invokePublish("news", { id: 1 });

    expect(await received).toEqual({ id: 1 });
    expect(channel.state).toBe("subscribed");
    expect(exchange.subscriptions()).toEqual(["news"]);
    expect(exchange.isSubscribed("news")).toBe(true);
  });

  it("gives up a channel, and says so", async () => {
    app = await startApp();
    const { exchange } = app.server;
    const channel = exchange.subscribe("constructor");
    const [here, there] = [next(exchange.listener("unsubscribe")), next(channel.listener("unsubscribe"))];

    await exchange.unsubscribe("constructor");

    expect(await here).toEqual({ channel: "constructor" });
    expect(await there).toEqual({});
    expect(exchange.isSubscribed("constructor", true)).toBe(false);
    expect(app.server.core.pubsub.hub.channelCount).toBe(0);
  });

  it("ends the loops that consume a channel when it is closed", async () => {
    app = await startApp();
    const { exchange } = app.server;
    const channel = exchange.subscribe<number>("news");
    const received: number[] = [];
    const loop = (async () => {
      for await (const data of channel) received.push(data);
    })();

    await exchange.invokePublish("news", 1);
    app.server.core.pubsub.hub.flush();
    channel.close();
    await loop;

    expect(received).toEqual([1]);
  });
});

describe("The level of a publish", () => {
  it("is the server's option, or what the call says", async () => {
    const levels: unknown[] = [];
    const broker = (deliver: Deliver): Broker => ({
      publish(publication, settle, level) {
        levels.push(level);
        deliver(publication);
        settle();
      },
      subscribe: (_channel, settle) => settle(),
      unsubscribe: () => {},
    });
    app = await startApp({ publishLevel: "worker" }, { broker });
    const { exchange } = app.server;

    await exchange.invokePublish("news", 1);
    await exchange.invokePublish("news", 1, { level: "replica" });
    await exchange.transmitPublish("news", 1);
    await (await app.connect()).invokePublish("news", 1);

    expect(levels).toEqual(["worker", "replica", "worker", "worker"]);
    await expect(exchange.invokePublish("news", 1, { level: "all" as "worker" })).rejects.toThrow("level");
  });

  it("makes no difference where there is one process alone", async () => {
    app = await startApp();
    const received = next(app.server.exchange.subscribe("news"));

    await app.server.exchange.invokePublish("news", 1, { level: "worker" });

    expect(await received).toBe(1);
  });

  it("is set by inbound middleware for a client's publish", async () => {
    const levels: unknown[] = [];
    const broker = (): Broker => ({
      publish: (_publication, settle, level) => {
        levels.push(level);
        settle();
      },
      subscribe: (_channel, settle) => settle(),
      unsubscribe: () => {},
    });
    app = await startApp({}, { broker });
    app.server.setMiddleware(app.server.MIDDLEWARE_INBOUND, async (stream) => {
      for await (const action of stream) {
        if (action.channel === "typing") action.allow({ options: { level: "worker" } });
        else action.allow();
      }
    });
    const client = await app.connect();

    await client.invokePublish("typing", 1);
    await client.invokePublish("news", 1);

    expect(levels).toEqual(["worker", undefined]);
  });
});

describe("A broker engine of the application", () => {
  it("carries publications, and is asked once per channel", async () => {
    const clients = new Map<string, BrokerClient>();
    const calls: string[] = [];
    app = await startApp({
      brokerEngine: {
        async subscribeSocket(client, channel) {
          calls.push(`subscribe ${channel}`);
          clients.set(channel, client);
        },
        async unsubscribeSocket(_, channel) {
          calls.push(`unsubscribe ${channel}`);
          clients.delete(channel);
        },
        async invokePublish(channel, data) {
          clients.get(channel)?.transmit("#publish", { channel, data: [data] });
        },
      },
    });
    const [ann, bob] = [await app.connect(), await app.connect()];
    const [toAnn, toBob] = [next(await subscribe(ann, "news")), next(await subscribe(bob, "news"))];

    await ann.invokePublish("news", 1);
    expect([await toAnn, await toBob]).toEqual([[1], [1]]);
    await app.server.clients[ann.id]?.kickOut("news");
    await app.server.clients[bob.id]?.kickOut("news");

    expect(calls).toEqual(["subscribe news", "unsubscribe news"]);
  });

  it("is not waited for at level worker; what goes wrong then is a warning", async () => {
    app = await startApp({
      brokerEngine: {
        subscribeSocket: async () => {},
        unsubscribeSocket: async () => {},
        invokePublish: () => Promise.reject(new Error("no connection")),
      },
    });
    const warned = next(app.server.listener("warning"));

    await app.server.exchange.invokePublish("news", 1, { level: "worker" });

    expect(await warned).toMatchObject({ warning: { message: "no connection" } });
    await expect(app.server.exchange.invokePublish("news", 1)).rejects.toThrow("no connection");
  });
});

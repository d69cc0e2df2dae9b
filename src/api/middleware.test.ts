import { afterEach, describe, expect, it, vi } from "vitest";
import type { AGAction } from "./action.ts";
import type { MiddlewareStream } from "./middleware-streams.ts";
import { next, startApp, subscribe, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

/** Middleware as applications write it. */
function deciding(decide: (action: AGAction) => void) {
  return async (stream: MiddlewareStream): Promise<void> => {
    for await (const action of stream) {
      decide(action);
      if (action.outcome === null) action.allow();
    }
  };
}

function no(): Error {
  return Object.assign(new Error("no"), { name: "NoError" });
}

describe("Middleware", () => {
  it("sees both handshakes of a client on one stream, and may refuse the first", async () => {
    app = await startApp();
    const types: string[] = [];
    app.server.setMiddleware(
      "handshake",
      deciding((action) => {
        types.push(action.type);
        if (action.request?.url?.includes("evil")) action.block(no());
      }),
    );

    await app.connect();
    const evil = app.create({ query: { evil: 1 }, autoReconnect: false });
    await next(evil.listener("connectAbort"));

    expect(types).toEqual(["handshakeWS", "handshakeSC", "handshakeWS"]);
    expect(app.server.clientsCount).toBe(1);
  });

  it("may refuse the second with a code of its own, or with 4008", async () => {
    app = await startApp();
    let statusCode: number | undefined = 4501;
    app.server.setMiddleware(
      "handshake",
      deciding((action) => {
        if (action.type === action.HANDSHAKE_SC)
          action.block(statusCode ? Object.assign(no(), { statusCode }) : no());
      }),
    );
    const own = app.create({ autoReconnect: false });
    expect(await next(own.listener("connectAbort"))).toMatchObject({ code: 4501 });
    statusCode = undefined;
    const usual = app.create({ autoReconnect: false });

    expect(await next(usual.listener("connectAbort"))).toMatchObject({ code: 4008 });
  });

  it("decides about subscriptions, publications, calls and transmissions", async () => {
    app = await startApp();
    const seen: string[] = [];
    app.server.setMiddleware(
      "inbound",
      deciding((action) => {
        seen.push(action.type);
        if (action.channel === "secret" || action.procedure === "secret") action.block(no());
        if (action.type === action.PUBLISH_IN && action.channel === "news") {
          action.allow({ data: `${action.data} (edited)` });
        }
      }),
    );
    const client = await app.connect();
    const news = await subscribe(client, "news");
    const received = next(news);

    const secret = client.subscribe("secret");
    expect(await next(secret.listener("subscribeFail"))).toMatchObject({ error: { name: "NoError" } });
    await expect(client.invoke("secret")).rejects.toMatchObject({ name: "NoError" });
    await expect(client.invokePublish("secret", 1)).rejects.toMatchObject({ name: "NoError" });
    await client.transmit("hi");
    await client.invokePublish("news", "text");

    expect(await received).toBe("text (edited)");
    expect(seen).toEqual(["subscribe", "subscribe", "invoke", "publishIn", "transmit", "publishIn"]);
  });

  it("decides about each publication for each subscriber", async () => {
    app = await startApp();
    const [ann, bob] = [await app.connect(), await app.connect()];
    app.server.setMiddleware(
      "outbound",
      deciding((action) => {
        if (action.socket?.id === bob.id) action.block();
        else action.allow({ data: "for ann" });
      }),
    );
    const toAnn = next(await subscribe(ann, "news"));
    await subscribe(bob, "news");
    const warning = next(app.server.listener("warning"));

    await ann.invokePublish("news", "for all");

    expect(await toAnn).toBe("for ann");
    expect((await warning).warning).toMatchObject({ name: "SilentMiddlewareBlockedError" });
  });

  it("may keep an error from the client that it shows the server", async () => {
    app = await startApp();
    app.server.setMiddleware(
      "inbound",
      deciding((action) => action.block(Object.assign(no(), { silent: true }))),
    );
    const client = await app.connect();
    const warning = next(app.server.listener("warning"));

    await expect(client.invoke("anything")).rejects.toMatchObject({ name: "SilentMiddlewareBlockedError" });
    expect((await warning).warning).toMatchObject({ name: "NoError" });
  });

  it("is set once per line, and works for those who were there before it", async () => {
    app = await startApp();
    const client = await app.connect();
    const line = deciding((action) => action.block(no()));
    app.server.setMiddleware("inbound", line);

    expect(() => app.server.setMiddleware("inbound", line)).toThrow(/already been set/);
    expect(() => app.server.setMiddleware("other" as "inbound", line)).toThrow(/not supported/);
    await expect(client.invoke("anything")).rejects.toMatchObject({ name: "NoError" });

    app.server.removeMiddleware("inbound");
    expect(app.server.hasMiddleware("inbound")).toBe(false);
    await client.invokePublish("news", 1);
  });

  it("may leave on the request what the socket's application looks for", async () => {
    app = await startApp();
    app.server.setMiddleware(
      "handshake",
      deciding((action) => Object.assign(action.request ?? {}, { forwardedForAddress: "10.0.0.1" })),
    );
    const connected = next(app.server.listener("connection"));
    await app.connect({ query: { a: 1 } });
    const { socket } = await connected;

    expect(socket.forwardedForAddress).toBe("10.0.0.1");
    expect(socket.request.url).toBe("/socketcluster/?a=1");
  });

  it("decides only once", async () => {
    app = await startApp();
    let second: unknown;
    app.server.setMiddleware(
      "inbound",
      deciding((action) => {
        action.allow();
        try {
          action.block(no());
        } catch (error) {
          second = error;
        }
      }),
    );
    const client = await app.connect();

    await client.invokePublish("news", 1);

    expect(second).toMatchObject({ name: "InvalidActionError" });
  });
});

describe("A #publish that the application transmits itself", () => {
  it("passes outbound middleware, in order with publications", async () => {
    app = await startApp();
    const seen: unknown[] = [];
    app.server.setMiddleware(app.server.MIDDLEWARE_OUTBOUND, async (stream) => {
      for await (const { channel, data, allow, block } of stream) {
        seen.push([channel, data]);
        if (data === "secret") block();
        else allow({ data: `${data}!` });
      }
    });
    const connection = next(app.server.listener("connection"));
    const client = await app.connect();
    const { socket } = await connection;
    const received: unknown[] = [];
    const news = await subscribe(client, "news");
    const loop = (async () => {
      for await (const data of news) {
        received.push(data);
        if (received.length === 3) break;
      }
    })();

    await socket.transmit("#publish", { channel: "news", data: "one" });
    await socket.transmit("#publish", { channel: "news", data: "secret" });
    await app.server.exchange.invokePublish("news", "two");
    app.server.core.pubsub.hub.flush();
    await socket.transmit("#publish", { channel: "news", data: "three" });

    await loop;
    expect(received).toEqual(["one!", "two!", "three!"]);
    expect(seen).toEqual([
      ["news", "one"],
      ["news", "secret"],
      ["news", "two"],
      ["news", "three"],
    ]);
  });

  it.each([undefined, null, "text", 5])("may carry anything: %j", async (data) => {
    app = await startApp();
    const channels: unknown[] = [];
    app.server.setMiddleware(app.server.MIDDLEWARE_OUTBOUND, async (stream) => {
      for await (const { channel, allow } of stream) {
        channels.push(channel);
        allow();
      }
    });
    const connection = next(app.server.listener("connection"));
    await app.connect();
    const { socket } = await connection;

    await socket.transmit("#publish", data);
    await vi.waitUntil(() => channels.length === 1 && socket.getOutboundBackpressure() === 0);

    expect(channels).toEqual([undefined]);
    expect(socket.state).toBe("open");
  });
});

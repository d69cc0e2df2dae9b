import { deserialize, serialize } from "node:v8";
import { afterEach, describe, expect, it } from "vitest";
import type { BrokerClient } from "./broker-engine.ts";
import { next, startApp, subscribe, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

/** A codec that carries bytes as they are, as MessagePack does. */
const codecEngine = {
  encode: (packet: unknown): Uint8Array | string => (packet === "" ? "" : serialize(packet)),
  decode: (message: unknown): unknown =>
    typeof message === "string" ? message : deserialize(Buffer.from(message as ArrayBuffer)),
};

const VALUES: readonly [name: string, value: unknown][] = [
  ["a Buffer", Buffer.from("hello")],
  ["an ArrayBuffer", Uint8Array.of(1, 2).buffer],
  ["a Uint8Array", Uint8Array.of(1, 2)],
  ["a Float64Array", Float64Array.of(1.5)],
];

describe.each(VALUES)("With a codec that carries bytes, %s", (_, bytes) => {
  const data = { bytes, list: [bytes] };

  it("published by a client reaches clients, the exchange and middleware as itself", async () => {
    app = await startApp({ codecEngine });
    const seen: unknown[] = [];
    for (const line of [app.server.MIDDLEWARE_INBOUND, app.server.MIDDLEWARE_OUTBOUND] as const) {
      app.server.setMiddleware(line, async (stream) => {
        for await (const action of stream) {
          if (action.channel !== undefined && action.type !== "subscribe") seen.push(action.data);
          action.allow();
        }
      });
    }
    const client = await app.connect({ codecEngine });
    const exchanged = next(app.server.exchange.subscribe("news"));
    const received = next(await subscribe(client, "news"));

    await client.invokePublish("news", data);

    expect(await received).toEqual(data);
    expect(await exchanged).toEqual(data);
    expect(seen).toEqual([data, data]);
  });

  it("published on the exchange reaches both as itself", async () => {
    app = await startApp({ codecEngine });
    const client = await app.connect({ codecEngine });
    const exchanged = next(app.server.exchange.subscribe("news"));
    const received = next(await subscribe(client, "news"));

    await app.server.exchange.invokePublish("news", data);

    expect(await received).toEqual(data);
    expect(await exchanged).toEqual(data);
  });

  it("reaches a client in a batch, and an engine of the application's, as itself", async () => {
    const published: unknown[] = [];
    const subscribers: BrokerClient[] = [];
    app = await startApp({
      codecEngine,
      brokerEngine: {
        subscribeSocket: async (subscriber) => subscribers.push(subscriber),
        unsubscribeSocket: async () => {},
        invokePublish: async (channel, given) => {
          published.push(given);
          for (const subscriber of subscribers) subscriber.transmit("#publish", { channel, data: given });
        },
      },
      batchOnHandshake: true,
      batchInterval: 10,
    });
    const client = await app.connect({ codecEngine });
    const received = next(await subscribe(client, "news"));

    await client.invokePublish("news", data);

    expect(await received).toEqual(data);
    expect(published).toEqual([data]);
  });
});

describe("Without a codec", () => {
  it("bytes published on the exchange reach every subscriber in the same form, that of JSON", async () => {
    app = await startApp();
    const client = await app.connect();
    const exchanged = next(app.server.exchange.subscribe("news"));
    const received = next(await subscribe(client, "news"));
    const json = { bytes: { base64: true, data: "aGVsbG8=" } };

    await app.server.exchange.invokePublish("news", { bytes: Buffer.from("hello") });

    expect(await received).toEqual(json);
    expect(await exchanged).toEqual(json);
  });
});

import { afterEach, describe, expect, it } from "vitest";
import { AGServer } from "./server.ts";
import { next, startApp, subscribe, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

describe("The options of a server", () => {
  it("have upstream's defaults", async () => {
    app = await startApp();

    expect(app.server).toMatchObject({
      ackTimeout: 10_000,
      handshakeTimeout: 10_000,
      strictHandshake: true,
      pingInterval: 8_000,
      pingTimeout: 30_000,
      pingTimeoutDisabled: false,
      allowClientPublish: true,
      protocolVersion: 2,
      origins: "*:*",
    });
    expect(app.server.options).toMatchObject({ pingTimeout: 30_000, batchInterval: 50, cloneData: false });
    expect(app.server.getPath()).toBe("/socketcluster/");
  });

  it("must name both keys of a pair, and the HTTP server", async () => {
    app = await startApp();

    expect(() => new AGServer()).toThrow(/httpServer/);
    await expect(startApp({ authKey: undefined, authPrivateKey: "x" })).rejects.toThrow(/authPublicKey/);
    await expect(startApp({ authKey: undefined, authPublicKey: "x" })).rejects.toThrow(/authPrivateKey/);
  });

  it("that cannot work are refused, all at once", async () => {
    app = await startApp();

    for (const [options, problem] of [
      [
        { authTokenCacheSize: -1, pingInterval: 0 },
        /pingInterval: .*; authTokenCacheSize: expected a number from 0 on/,
      ],
      [
        { slowConsumerPolicy: "drop" as "close" },
        /slowConsumerPolicy: expected "close" or "dropOldest", got "drop"/,
      ],
      [{ perMessageDeflate: { zlibDeflateOptions: { level: 10 } } }, /perMessageDeflate: .*level/],
    ] as const) {
      await expect(startApp(options)).rejects.toThrow(problem);
    }
  });

  it("may ask for compression", async () => {
    app = await startApp({ perMessageDeflate: true });
    const client = await app.connect({ wsOptions: { perMessageDeflate: true } });
    const text = "x".repeat(10_000);
    const received = next(await subscribe(client, "news"));

    await client.invokePublish("news", text);

    expect(await received).toBe(text);
    expect(app.server.core.counters.compressions).toBe(1);
    expect(app.server.core.counters.bytesOut).toBeLessThan(1_000);
  });

  it("may bring another codec, also a binary one", async () => {
    const codecEngine = {
      encode: (packet: unknown) => Buffer.from(JSON.stringify(packet)).map((byte) => byte ^ 1),
      decode(message: unknown): unknown {
        if (typeof message === "string") return message;
        const bytes = Buffer.from(message as ArrayBuffer).map((byte) => byte ^ 1);
        return JSON.parse(Buffer.from(bytes).toString());
      },
    };
    app = await startApp({ codecEngine });
    const client = await app.connect({ codecEngine });
    const received = next(await subscribe(client, "news"));

    await client.invokePublish("news", { id: 1 });

    expect(await received).toEqual({ id: 1 });
  });

  it("may limit what a client sends at once", async () => {
    app = await startApp({ maxPayload: 1_000 });
    const client = await app.connect({ autoReconnect: false });
    const closed = next(client.listener("close"));

    await client.transmit("hi", "x".repeat(2_000));

    expect(await closed).toMatchObject({ code: 1009 });
  });

  it("may let the application make its requests", async () => {
    app = await startApp({
      requestCreator: (socket, id, procedure, data) => ({
        socket,
        id,
        procedure,
        data,
        sent: false,
        end: (answer) => socket.sendObject({ rid: id, data: [answer] }),
        error: () => {},
      }),
    });
    const connected = next(app.server.listener("connection"));
    const client = await app.connect();
    const { socket } = await connected;
    const call = next(socket.procedure("hi"));

    const answered = client.invoke("hi");
    (await call).end(1);

    expect(await answered).toEqual([1]);
  });

  it("may list origins in one text or in several, and says what is wrong with one", async () => {
    app = await startApp({ origins: ["a.example:443", "b.example:*"] });
    expect(app.server.origins).toEqual(["a.example:443", "b.example:*"]);

    app.server.origins = "b.example:*";
    expect(app.server.origins).toBe("b.example:*");
    expect(() => {
      app.server.origins = ["https://a.example"];
    }).toThrow('without the scheme it is "a.example:443"');
    expect(app.server.origins).toBe("b.example:*");

    await expect(startApp({ origins: "https://a.example" })).rejects.toThrow(
      'origins: expected host:port, host:* or *:port, got "https://a.example"',
    );
  });
});

import { afterEach, describe, expect, it, vi } from "vitest";
import WritableConsumableStream from "writable-consumable-stream";
import { AGServerSocket } from "./server-socket.ts";
import * as streams from "./streams.ts";
import { next, startApp, subscribe, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());
afterEach(() => vi.restoreAllMocks());

describe("A server whose application listens to nothing", () => {
  it("makes no face and no stream for its connections and their messages", async () => {
    app = await startApp();
    const demuxes = vi.spyOn(streams, "createDemux");
    const created = vi.spyOn(streams, "createStream");
    const faces = vi.spyOn(app.server, "socketOf");
    const client = await app.connect();
    const news = await subscribe(client, "news");
    const received = next(news);

    await client.transmit("hi");
    await client.invokePublish("news", 1);
    await received;
    const connection = [...app.server.core.open.values()][0];

    expect(connection?.observer).toBeUndefined();
    expect([demuxes, created, faces].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0]);
  });
});

describe("A socket", () => {
  it("is one face, however often it is asked for", async () => {
    app = await startApp();
    const connected = next(app.server.listener("connection"));
    const client = await app.connect();
    const { socket } = await connected;

    expect(socket).toBeInstanceOf(AGServerSocket);
    expect(app.server.clients[client.id]).toBe(socket);
    expect(Object.values(app.server.clients)).toEqual([socket]);
    expect(client.id in app.server.clients).toBe(true);
    expect(app.server.clients.constructor).toBeUndefined();
  });

  it("uses the streams that applications know", () => {
    app = { stop: async () => {} } as unknown as TestApp;

    expect(streams.createStream()).toBeInstanceOf(WritableConsumableStream);
  });
});

import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { next, startApp, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

const error = new Error("why");

/** What is given, and what the client hears: the official one says what a code means where there is no reason. */
const CASES: readonly [name: string, code: unknown, reason: unknown, heard: object][] = [
  ["a number as the reason", 4100, 5, { code: 4100 }],
  ["an object as the reason", 4100, { why: "so" }, { code: 4100 }],
  ["an error as the reason", 4100, error, { code: 4100 }],
  ["null as the reason", 4100, null, { code: 4100 }],
  ["an array as the reason", 4100, ["so"], { code: 4100 }],
  ["a symbol as the reason", 4100, Symbol("why"), { code: 4100 }],
  ["an object without a text as the reason", 4100, Object.create(null), { code: 4100 }],
  ["a reason that is too long", 4100, "\u00e4".repeat(5000), { code: 4100, reason: "\u00e4".repeat(61) }],
  ["half a character as the reason", 4100, "\ud83d", { code: 4100, reason: "\ufffd" }],
  ["a code of HTTP's", 404, "not found", { code: 4008, reason: "not found" }],
  ["a code that may not be sent", 1006, undefined, { code: 4008 }],
  ["a text as the code", "4100", "so", { code: 4008, reason: "so" }],
  ["an object as the code", {}, "so", { code: 4008, reason: "so" }],
  ["no number as the code", Number.NaN, "so", { code: 1000, reason: "so" }],
  ["infinity as the code", Number.POSITIVE_INFINITY, "so", { code: 4008, reason: "so" }],
];

describe("disconnect", () => {
  it.each(CASES)("closes with %s", async (_, code, reason, heard) => {
    app = await startApp();
    const { client, socket } = await app.pair();
    const disconnected = next(client.listener("disconnect"));

    await socket.disconnect(code as number, reason as string);

    expect(socket.state).toBe("closed");
    expect(await disconnected).toMatchObject(heard);
  });

  it("tells those who listen code and reason as they were given", async () => {
    app = await startApp();
    const { socket } = await app.pair();
    const closed = next(socket.listener("close"));

    await socket.disconnect(4100, error as unknown as string);

    expect(await closed).toEqual({ code: 4100, reason: error });
  });

  it("cuts a client off whose WebSocket, of an engine of the application's, cannot be closed", async () => {
    app = await startApp({ wsEngine: { Server: class extends WebSocketServer {} } });
    const { client, socket } = await app.pair();
    socket.socket.close = () => {
      throw new Error("not now");
    };
    const disconnected = next(client.listener("disconnect"));
    const reported = next(app.server.listener("warning"));

    await socket.disconnect();

    expect(socket.state).toBe("closed");
    expect(await reported).toMatchObject({ warning: { message: "not now" } });
    expect(await disconnected).toMatchObject({ code: 1006 });
  });
});

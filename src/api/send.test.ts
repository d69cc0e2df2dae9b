import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { next, startApp, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

const { buffer } = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

const MESSAGES: readonly [name: string, data: unknown, heard: string | number[]][] = [
  ["a text", "text", "text"],
  ["an empty text", "", ""],
  ["a number", 5, "5"],
  ["zero", 0, "0"],
  ["a Buffer", Buffer.from([1, 2]), [1, 2]],
  ["an ArrayBuffer", buffer, [1, 2, 3, 4, 5, 6, 7, 8]],
  ["a DataView", new DataView(buffer, 1, 3), [2, 3, 4]],
  ["a Uint8Array", new Uint8Array(buffer, 2, 2), [3, 4]],
  ["a Uint16Array", Uint16Array.of(0x0201, 0x0403), [1, 2, 3, 4]],
  ["nothing", undefined, []],
  ["null", null, []],
];

/** The next message that a plain WebSocket hears. */
async function heard(ws: WebSocket): Promise<string | number[]> {
  const [data, isBinary] = (await once(ws, "message")) as [Buffer, boolean];
  return isBinary ? [...data] : data.toString();
}

describe("send", () => {
  it.each(MESSAGES)(
    "sends %s as it is, by the socket and by the WebSocket beneath",
    async (_, data, expected) => {
      app = await startApp();
      const connection = next(app.server.listener("connection"));
      const ws = new WebSocket(`ws://127.0.0.1:${app.port}/socketcluster/`);
      await once(ws, "open");
      ws.send('{"event":"#handshake","data":{},"cid":1}');
      await heard(ws);
      const { socket } = await connection;

      socket.send(data as string);
      expect(await heard(ws)).toEqual(expected);

      (socket.socket as unknown as { send(data: unknown): void }).send(data);
      expect(await heard(ws)).toEqual(expected);

      socket.send(data as string, { binary: true });
      const bytes = typeof expected === "string" ? [...Buffer.from(expected)] : expected;
      expect(await heard(ws)).toEqual(bytes);
      ws.terminate();
    },
  );

  it.each([{}, true, () => {}])("refuses what has no bytes: %s", async (data) => {
    app = await startApp();
    const connection = next(app.server.listener("connection"));
    await app.connect();
    const { socket } = await connection;

    expect(() => socket.send(data as never)).toThrow(TypeError);
    expect(socket.state).toBe("open");
  });
});

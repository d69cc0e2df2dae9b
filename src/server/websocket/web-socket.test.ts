import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { WebSocket } from "ws";
import { startServer, type TestServer, until } from "../test-server.ts";
import {
  closeOf,
  endOf,
  fillUp,
  frame,
  goodbye,
  HANDSHAKE,
  messagesOf,
  RawSocket,
  text,
} from "./test-raw-socket.ts";

const servers: TestServer[] = [];
const rawClients: RawSocket[] = [];

afterEach(() => {
  for (const { socket } of rawClients.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function start(wsEngineServerOptions: Record<string, unknown> = {}): Promise<TestServer> {
  const server = await startServer({ options: { wsEngineServerOptions } });
  servers.push(server);
  return server;
}

async function joinRaw(server: TestServer, first?: readonly Buffer[]): Promise<RawSocket> {
  const raw = new RawSocket(server.port);
  rawClients.push(raw);
  return raw.join(first);
}

/** What applications rely on, with ours and with that of `ws` in its place: the same. */
describe.each([
  { whose: "ours", engine: {} },
  { whose: "that of ws", engine: { perMessageDeflate: true } },
])("A client's WebSocket ($whose)", ({ engine }) => {
  const startWith = (options: Record<string, unknown> = {}): Promise<TestServer> =>
    start({ ...engine, ...options });

  it("tells applications of text and binary messages", async () => {
    const server = await startWith();
    const client = await server.join();
    const messages = messagesOf(endOf(server));
    client.ws.send("text");
    client.ws.send(Buffer.from([0, 255]));
    client.ws.send("in ", { fin: false });
    client.ws.send("pieces", { fin: true });
    client.ws.send(Buffer.alloc(0));

    await until("all are heard", () => messages.length === 4);
    expect(messages).toEqual(["text", Buffer.from([0, 255]), "in pieces", Buffer.alloc(0)]);
  });

  it("sends whatever applications give it, and says when it has", async () => {
    const server = await startWith();
    const client = await server.join();
    const ws = endOf(server);
    const heard = messagesOf(client.ws);
    const bytes = Uint8Array.of(9, 1, 2).subarray(1);
    let sent = 0;
    const done = (error?: Error | null): void => {
      if (!error) sent += 1;
    };
    ws.send("text", done);
    ws.send(bytes, {}, done);
    ws.send(bytes.slice().buffer, done);
    ws.send(new DataView(bytes.buffer, 1), done);
    ws.send(Buffer.from("as text"), { binary: false }, done);
    ws.send("as bytes", { binary: true }, done);
    ws.send(12 as unknown as string, done);
    ws.send("", done);
    ws.send(undefined as unknown as string, done);
    ws.send(null as unknown as string, done);
    ws.send("ü".repeat(40_000), done);

    await until("all are heard", () => heard.length === 11);
    const [two, none] = [Buffer.from([1, 2]), Buffer.alloc(0)];
    const expected = ["text", two, two, two, "as text", Buffer.from("as bytes"), "12", "", none, none];
    expect(heard).toEqual([...expected, "ü".repeat(40_000)]);
    await until("all are said to be sent", () => sent === heard.length);
  });

  it("pings and pongs with what applications give it, and answers pings", async () => {
    const server = await startWith();
    const client = await server.join();
    const ws = endOf(server);
    const heard: string[] = [];
    for (const end of [ws, client.ws]) {
      end.on("ping", (data) => heard.push(`ping ${data}`));
      end.on("pong", (data) => heard.push(`pong ${data}`));
    }
    let sent = 0;
    const done = (): void => {
      sent += 1;
    };
    client.ws.ping("from the client");
    await until("the pong", () => heard.length === 2);
    ws.ping("a", false, done);
    await until("the pong", () => heard.length === 4);
    ws.ping(Buffer.from("b"), done as unknown as boolean);
    ws.ping(done);
    ws.ping(null);
    ws.ping(7);
    ws.pong("c", undefined, done);
    await until("all", () => heard.length === 13);

    expect(heard.slice(0, 2)).toEqual(["ping from the client", "pong from the client"]);
    expect(heard.slice(2, 4)).toEqual(["ping a", "pong a"]);
    expect(heard.slice(4).sort()).toEqual(
      ["ping ", "ping ", "ping 7", "ping b", "pong ", "pong ", "pong 7", "pong b", "pong c"].sort(),
    );
    expect(sent).toBe(4);
    expect(() => ws.ping("x".repeat(126))).toThrow(RangeError);
  });

  it("says goodbye with code and reason, and is closed once that is answered", async () => {
    const server = await startWith();
    const client = await server.join();
    const ws = endOf(server);
    const closed = closeOf(ws);
    ws.close(4321, "see you");
    expect(ws.readyState).toBe(2);
    ws.close(4000);

    expect(await client.closed).toEqual({ code: 4321, reason: "see you" });
    expect(await closed).toEqual({ code: 4321, reason: "see you" });
    expect([ws.readyState, server.core.socketCount]).toEqual([3, 0]);
  });

  it("says goodbye without a code", async () => {
    const server = await startWith();
    const client = await server.join();
    const closed = closeOf(endOf(server));
    endOf(server).close();

    expect((await client.closed).code).toBe(1005);
    expect((await closed).code).toBe(1005);
  });

  it.each([
    { code: 4002, heard: { code: 4002, reason: "tschüß" } },
    { code: undefined, heard: { code: 1005, reason: "" } },
  ])("answers a client's goodbye: $heard", async ({ code, heard }) => {
    const server = await startWith();
    const client = await server.join();
    const closed = closeOf(endOf(server));
    client.ws.close(code, heard.reason);

    expect(await closed).toEqual(heard);
    expect(await client.closed).toEqual(heard);
    expect(server.core.socketCount).toBe(0);
  });

  it("answers a ping that stands before a goodbye before it answers that", async () => {
    const server = await startWith();
    const raw = await joinRaw(server);
    raw.send(frame(9, "x"), goodbye());

    await until("the end", () => raw.hasEnded);
    expect(raw.heard).toEqual(Buffer.from([0x8a, 1, 0x78, 0x88, 0]));
  });

  it("closes once where both say goodbye at the same time", async () => {
    const server = await startWith();
    const raw = await joinRaw(server);
    const ws = endOf(server);
    let closes = 0;
    ws.on("close", () => {
      closes += 1;
    });
    const closed = closeOf(ws);
    ws.close(4001);
    raw.send(goodbye(4002));
    raw.socket.end();

    expect((await closed).code).toBe(4002);
    await until("the end", () => raw.hasEnded);
    expect(raw.heard).toEqual(Buffer.from([0x88, 2, 0x0f, 0xa1]));
    expect(closes).toBe(1);
  });

  it("ends with 1006 where the client resets the connection, or hangs up without goodbye", async () => {
    const server = await startWith();
    for (const leave of ["resetAndDestroy", "destroy", "end"] as const) {
      const raw = await joinRaw(server);
      const closed = closeOf(endOf(server));
      raw.socket[leave]();

      expect(await closed).toEqual({ code: 1006, reason: "" });
      expect(server.core.socketCount).toBe(0);
    }
  });

  it("cuts off who never answers a goodbye, and who never lets go after one", async () => {
    const server = await startWith({ closeTimeout: 50 });
    const deaf = await joinRaw(server);
    const closed = closeOf(endOf(server));
    endOf(server).close(4000);
    expect((await closed).code).toBe(1006);
    await until("it is cut off", () => deaf.hasEnded);

    const clinging = await joinRaw(server);
    const closedToo = closeOf(endOf(server));
    clinging.send(goodbye(4003));
    expect((await closedToo).code).toBe(4003);
  });

  it("cuts off at once where it is told to", async () => {
    const server = await startWith();
    const client = await server.join();
    const ws = endOf(server);
    const closed = closeOf(ws);
    ws.terminate();
    expect(ws.readyState).toBe(2);

    expect((await closed).code).toBe(1006);
    expect((await client.closed).code).toBe(1006);
    ws.terminate();
    ws.close();
    expect(ws.readyState).toBe(3);
  });

  it("refuses codes and reasons that no goodbye can hold, and stays open", async () => {
    const server = await startWith();
    const client = await server.join();
    const ws = endOf(server);

    for (const code of [0, 999, 1004, 1005, 1006, 1015, 5000])
      expect(() => ws.close(code)).toThrow(TypeError);
    expect(() => ws.close(4000, "x".repeat(124))).toThrow(RangeError);
    expect(ws.readyState).toBe(1);
    client.say('{"event":"#publish","data":{"channel":"c"},"cid":2}');
    expect(await client.hear()).toBe('{"rid":2}');
  });

  it("tells who sends after the end that it is not open", async () => {
    const server = await startWith();
    await server.join();
    const ws = endOf(server);
    ws.close();
    const errors: string[] = [];
    const done = (error?: Error | null): void => void errors.push(String(error?.message));
    ws.send("late", done);
    ws.ping("late", false, done);
    ws.pong("late", false, done);

    await until("all are told", () => errors.length === 3);
    expect(new Set(errors)).toEqual(new Set(["WebSocket is not open: readyState 2 (CLOSING)"]));
  });

  it("reads what came with the upgrade", async () => {
    const server = await startWith();
    await joinRaw(server, [text(HANDSHAKE), text('{"event":"#publish","data":{"channel":"c"}}')]);

    await until("all is read", () => server.core.pubsub.publicationCount === 1);
  });

  it("ignores what stands behind a goodbye", async () => {
    const server = await startWith();
    const raw = await joinRaw(server);
    const messages = messagesOf(endOf(server));
    const errors: unknown[] = [];
    endOf(server).on("error", (error) => errors.push(error));
    const closed = closeOf(endOf(server));
    raw.send(text("before"), goodbye(), text("after"), frame(3));
    raw.socket.end(text("later"));

    expect((await closed).code).toBe(1005);
    expect([messages, errors]).toEqual([["before"], []]);
  });

  it.each([
    { what: "RSV1", bytes: frame(0x41), closeCode: 1002, code: "WS_ERR_UNEXPECTED_RSV_1" },
    { what: "opcode 3", bytes: frame(3), closeCode: 1002, code: "WS_ERR_INVALID_OPCODE" },
    { what: "a bad goodbye", bytes: goodbye(1006), closeCode: 1002, code: "WS_ERR_INVALID_CLOSE_CODE" },
    { what: "bad text", bytes: frame(1, Buffer.from([255])), closeCode: 1007, code: "WS_ERR_INVALID_UTF8" },
    {
      what: "1,001 bytes",
      bytes: frame(2, Buffer.alloc(1_001)),
      closeCode: 1009,
      code: "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH",
    },
  ])("says goodbye with $closeCode to who sends $what", async ({ what, bytes, closeCode, code }) => {
    if (what === "RSV1" && "perMessageDeflate" in engine) return; // it is the bit of compression
    const server = await startWith({ maxPayload: 1_000 });
    const raw = await joinRaw(server);
    const ws = endOf(server);
    const messages = messagesOf(ws);
    const errors: unknown[] = [];
    ws.on("error", (error) => errors.push(error));
    const closed = closeOf(ws);
    raw.send(text("before"), bytes, text("after"));
    await until("the goodbye", () => raw.hasEnded);
    raw.socket.end();

    expect(raw.heard).toEqual(Buffer.from([0x88, 2, closeCode >> 8, closeCode & 0xff]));
    expect((await closed).code).toBe(1006);
    expect([...server.core.counters.closes]).toEqual([["1006", 1]]);
    expect(errors).toMatchObject([{ code }]);
    expect(messages).toEqual(["before"]);
  });

  it("gives no message while it is paused, and all of them afterwards", async () => {
    const server = await startWith();
    const raw = await joinRaw(server);
    const ws = endOf(server);
    const messages = messagesOf(ws);
    ws.pause();
    expect(ws.isPaused).toBe(true);
    raw.send(text("1"), text("2"));
    const other = await joinRaw(server);
    other.send(text("3"));
    await until("another is heard", () => server.core.counters.messagesIn === 3);
    expect(messages).toEqual([]);

    ws.resume();
    expect(ws.isPaused).toBe(false);
    await until("all are heard", () => messages.length === 2);
  });

  it("gives what came while it was paused also when the connection breaks", async () => {
    const server = await startWith();
    const raw = await joinRaw(server);
    const ws = endOf(server);
    const messages = messagesOf(ws);
    const states: number[] = [];
    ws.on("message", () => states.push(ws.readyState));
    const closed = closeOf(ws);
    ws.pause();
    raw.send(text("1"), text("2"));
    const { _socket: socket } = ws as WebSocket & { _socket: Socket };
    await until("it has come", () => socket.readableLength > 0);
    socket.destroy();

    expect((await closed).code).toBe(1006);
    expect(messages).toEqual(["1", "2"]);
    expect(states).toEqual([2, 2]);
  });

  it("cuts off who pings without reading the answers", async () => {
    const server = await startWith();
    const raw = await joinRaw(server);
    const ws = endOf(server);
    raw.socket.pause();
    await fillUp(ws);
    const closed = closeOf(ws);
    raw.send(...Array.from({ length: 200 }, () => frame(9, "x")));

    expect((await closed).code).toBe(1006);
  });

  it("has the socket in view, where applications look for addresses", async () => {
    const server = await startWith();
    await server.join();
    const ws = endOf(server) as WebSocket & { _socket: Socket };

    expect(ws._socket.remoteAddress).toBe("127.0.0.1");
    expect([ws.OPEN, ws.readyState, ws.protocol, ws.extensions.length > 0]).toEqual([
      1,
      1,
      "",
      "perMessageDeflate" in engine,
    ]);
  });

  it("has the events of browsers", async () => {
    const server = await startWith();
    const client = await server.join();
    const ws = endOf(server);
    const heard: unknown[] = [];
    ws.onmessage = ({ data }) => heard.push(data);
    ws.addEventListener("close", ({ code }) => heard.push(code));
    client.ws.send("text");
    client.ws.close(4000);

    await until("both", () => heard.length === 2);
    expect(heard).toEqual(["text", 4000]);
  });
});

import { afterEach, describe, expect, it, vi } from "vitest";
import { Intake } from "../server/inbound/intake.ts";
import type { AGServerOptions } from "./options.ts";
import { AGRequest } from "./request.ts";
import type { AGServerSocket } from "./server-socket.ts";
import type { ConsumableStream } from "./streams.ts";
import { next, startApp, type TestApp, type TestClient } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

/** Sends a message as it stands. */
type Sender = TestClient & { send(message: string): void; transport: { socket: { terminate(): void } } };

async function connected(options: AGServerOptions = {}) {
  app = await startApp({ maxQueuedPackets: 10, ...options });
  const connection = next(app.server.listener("connection"));
  const client = (await app.connect()) as Sender;
  const { socket } = await connection;
  return { client, socket };
}

/** Consumes one value, and the others once it is told to go on. */
function consume(stream: ConsumableStream<unknown>) {
  const consumed: unknown[] = [];
  let goOn = (): void => {};
  const told = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  void (async () => {
    for await (const value of stream) {
      consumed.push(value);
      if (value instanceof AGRequest) value.end();
      await told;
    }
  })();
  return { consumed, goOn };
}

const paused = (socket: AGServerSocket) => expect.poll(() => socket.socket.isPaused, { timeout: 5_000 });

const KINDS: readonly [
  what: string,
  send: (client: Sender, n: number) => void,
  stream: (socket: AGServerSocket) => ConsumableStream<unknown>,
][] = [
  ["transmissions", (client, n) => void client.transmit("r", n), (socket) => socket.receiver("r")],
  ["calls", (client) => client.send('{"event":"p","cid":7}'), (socket) => socket.procedure("p")],
  ["raw messages", (client) => client.send("hello"), (socket) => socket.listener("raw")],
  [
    "errors",
    (client) => client.send('{"event":"#publish","data":null}'),
    (socket) => socket.listener("error"),
  ],
  [
    "errors, where the server is listened to",
    (client) => client.send('{"event":"#publish","data":null}'),
    () => app.server.listener("warning"),
  ],
  [
    "publishes, where they are looked at",
    (client, n) => client.send(JSON.stringify({ event: "#publish", data: { channel: "a", data: n } })),
    (socket) => socket.receiver("#publish"),
  ],
];

describe("A client that is ahead of the application", () => {
  it.each(KINDS)("is not read until its %s are consumed, and nothing is lost", async (_, send, stream) => {
    const { client, socket } = await connected();
    const { consumed, goOn } = consume(stream(socket));
    for (let n = 0; n < 300; n += 1) send(client, n);
    await paused(socket).toBe(true);

    expect(consumed).toHaveLength(1);
    expect(app.server.getAllListenersBackpressure()).toBeLessThanOrEqual(10);
    expect(
      Math.max(
        socket.getAllReceiversBackpressure(),
        socket.getAllProceduresBackpressure(),
        socket.getAllListenersBackpressure(),
      ),
    ).toBeLessThanOrEqual(10);
    const other = await app.connect();
    await other.invokePublish("news", 1);

    goOn();
    await expect.poll(() => consumed.length, { timeout: 5_000 }).toBe(300);
    await paused(socket).toBe(false);
  });

  it("is not read while its messages wait as they came, but for what was read already", async () => {
    const { client, socket } = await connected();
    const { consumed, goOn } = consume(socket.listener("message"));
    for (let n = 0; n < 300; n += 1) void client.transmit("r", "x".repeat(10_000));
    await paused(socket).toBe(true);

    expect(socket.getListenerBackpressure("message")).toBeLessThan(30);
    goOn();
    await expect.poll(() => consumed.length, { timeout: 5_000 }).toBe(300);
  });

  it("keeps its order", async () => {
    const { client, socket } = await connected();
    const { consumed, goOn } = consume(socket.receiver("r"));
    client.send(`[${[...Array(100).keys()].map((n) => `{"event":"r","data":${n}}`).join()}]`);
    for (let n = 100; n < 200; n += 1) void client.transmit("r", n);
    await paused(socket).toBe(true);
    goOn();
    await expect.poll(() => consumed.length, { timeout: 5_000 }).toBe(200);

    expect(consumed).toEqual([...Array(200).keys()]);
  });

  it("is read again when the stream is killed, or nobody consumes it any more", async () => {
    const { client, socket } = await connected();
    for (const end of [() => socket.killReceiver("r"), () => socket.killAllStreams()]) {
      consume(socket.receiver("r"));
      for (let n = 0; n < 300; n += 1) void client.transmit("r", n);
      await paused(socket).toBe(true);
      end();
      await paused(socket).toBe(false);
    }
    expect(app.server.core.intake.parsed.bytes).toBe(0);
  });

  it("is held back by the bytes of its messages, too", async () => {
    const { client, socket } = await connected({ maxQueuedPackets: 1_000 });
    const { consumed, goOn } = consume(socket.receiver("r"));
    for (let n = 0; n < 30; n += 1) void client.transmit("r", "x".repeat(200_000));
    await paused(socket).toBe(true);

    expect(socket.getReceiverBackpressure("r")).toBeLessThan(7);
    goOn();
    await expect.poll(() => consumed.length, { timeout: 5_000 }).toBe(30);
    await paused(socket).toBe(false);
  });

  it("gets one message through that is larger than all parsed ones may be", async () => {
    const { client, socket } = await connected({ maxPayload: 4 * 2 ** 20 });
    Object.assign(app.server.core, { intake: new Intake(() => 0, { heap: 0, total: 2 ** 30 }) });
    const { consumed, goOn } = consume(socket.receiver("r"));
    goOn();
    const packet = JSON.stringify({ event: "r", data: "x".repeat(10_000) });
    client.send(`[${Array(200).fill(packet).join()}]`);
    await client.transmit("r", "last");

    await expect.poll(() => consumed.length, { timeout: 5_000 }).toBe(201);
    expect(app.server.core.intake.parsed.bytes).toBe(0);
  });

  it("is not held back by what nobody consumes", async () => {
    const { client, socket } = await connected();
    for (let n = 0; n < 100; n += 1) void client.transmit("r", n);
    for (let n = 0; n < 100; n += 1) client.send('{"event":"p","cid":7}');
    await client.invokePublish("news", 1);

    expect(socket.socket.isPaused).toBe(false);
    expect(app.server.core.open.get(socket.id)?.backlog).toBeUndefined();
  });

  it("is held back while too many of its calls are taken and not answered", async () => {
    const { client, socket } = await connected();
    const calls: AGRequest[] = [];
    void (async () => {
      for await (const call of socket.procedure("p")) calls.push(call);
    })();
    for (let n = 0; n < 100; n += 1) client.send(`{"event":"p","cid":${n % 7}}`);
    await paused(socket).toBe(true);
    expect(calls).toHaveLength(10);

    for (let n = 0; n < 100; n += 1) {
      await expect.poll(() => calls.length, { timeout: 5_000 }).toBeGreaterThan(n);
      if (n % 2 === 0) calls[n]?.end(n);
      else calls[n]?.error(new Error("no"));
    }
    await paused(socket).toBe(false);
    expect(calls).toHaveLength(100);
  });

  it("is read on after ackTimeout where the application never answers", async () => {
    const { client, socket } = await connected({ ackTimeout: 50 });
    let calls = 0;
    void (async () => {
      for await (const _ of socket.procedure("p")) calls += 1;
    })();
    for (let n = 0; n < 30; n += 1) client.send('{"event":"p","cid":7}');

    await expect.poll(() => calls, { timeout: 5_000 }).toBe(30);
    await paused(socket).toBe(false);
  });

  it("leaves nothing behind: calls with one number, answered, and calls that nobody answers", async () => {
    const { client, socket } = await connected();
    let taken = 0;
    void (async () => {
      for await (const request of socket.procedure("p")) {
        taken += 1;
        if (taken < 3) request.end();
      }
    })();
    const call = `{"event":"p","data":"${"x".repeat(10_000)}","cid":5}`;
    client.send(`[${call},${call}]`);
    client.send(call);
    await expect.poll(() => taken).toBe(3);
    expect(app.server.core.intake.parsed.bytes).toBeGreaterThan(10_000);
    client.disconnect();

    await expect.poll(() => app.server.core.intake.parsed.bytes).toBe(0);
  });

  it("may be asked something while its calls wait, and its answer is heard", async () => {
    const { client, socket } = await connected();
    void (async () => {
      for await (const call of client.procedure("ask")) call.end(1);
    })();
    void (async () => {
      for await (const call of socket.procedure("p")) call.end(await socket.invoke("ask"));
    })();
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => client.invoke("p")));

    expect(answers).toEqual([1, 1, 1, 1, 1]);
  });

  it("is noticed when it hangs up while it is not read", async () => {
    const { client, socket } = await connected({ pingInterval: 50 });
    consume(socket.receiver("r"));
    for (let n = 0; n < 300; n += 1) void client.transmit("r", n);
    await paused(socket).toBe(true);
    client.transport.socket.terminate();

    await expect.poll(() => app.server.core.socketCount, { timeout: 5_000 }).toBe(0);
    await expect.poll(() => app.server.core.intake.parsed.bytes, { timeout: 5_000 }).toBe(0);
  });

  it("loses only its connection where the application's own request creator throws", async () => {
    const { client, socket } = await connected({
      requestCreator: () => {
        throw new Error("on purpose");
      },
    });
    consume(socket.procedure("p"));
    const closed = next(client.listener("disconnect"));
    client.send('{"event":"p","cid":7}');

    expect(await closed).toMatchObject({ code: 1011 });
    await app.connect();
  });

  it("harms nobody where that throws for the last it said, behind middleware", async () => {
    const { client, socket } = await connected({
      requestCreator: () => {
        throw new Error("on purpose");
      },
    });
    app.server.setMiddleware(app.server.MIDDLEWARE_INBOUND, async (stream) => {
      for await (const action of stream) action.allow();
    });
    consume(socket.procedure("p"));
    const { budget } = app.server.core.intake;
    const spent = [
      vi.spyOn(budget, "take").mockReturnValue(false),
      vi.spyOn(budget, "wait").mockReturnValue(),
    ];
    const warning = next(app.server.listener("warning"));
    client.send('{"event":"p","cid":7}');
    client.disconnect();

    // Not caught, it would end this process.
    expect(await warning).toMatchObject({ warning: { message: "on purpose" } });
    for (const each of spent) each.mockRestore();
    await app.connect();
  });
});

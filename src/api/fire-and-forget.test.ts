import { afterEach, describe, expect, it } from "vitest";
import type { BrokerClient, DefaultBrokerEngine } from "./broker-engine.ts";
import type { AGServerSocket } from "./server-socket.ts";
import { next, startApp, type TestApp } from "./test-app.ts";

let app: TestApp;
afterEach(() => app.stop());

const cycle: Record<string, unknown> = {};
cycle.self = cycle;

/** Data that cannot be written as JSON. */
const UNWRITABLE: readonly [name: string, data: unknown][] = [
  ["a cycle", cycle],
  ["a BigInt", 1n],
  [
    "a getter that throws",
    {
      get name() {
        throw new Error("no name");
      },
    },
  ],
  [
    "a toJSON that throws",
    {
      toJSON() {
        throw new Error("no JSON");
      },
    },
  ],
];

function warnings(): unknown[] {
  const told: unknown[] = [];
  void (async () => {
    for await (const { warning } of app.server.listener("warning")) told.push(warning);
  })();
  return told;
}

/** What nobody waits for, and was rejected until the turn is over. */
async function unhandled(call: () => void): Promise<unknown[]> {
  const rejections: unknown[] = [];
  const note = (reason: unknown): unknown => rejections.push(reason);
  process.on("unhandledRejection", note);
  call();
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  process.off("unhandledRejection", note);
  return rejections;
}

async function socketOf(options?: object): Promise<AGServerSocket> {
  const connection = next(app.server.listener("connection"));
  await app.connect(options);
  return (await connection).socket;
}

describe.each(UNWRITABLE)("A publish of %s", (_, data) => {
  it("that nobody waits for ends in a warning", async () => {
    app = await startApp();
    const { exchange } = app.server;
    const engine = app.server.brokerEngine as DefaultBrokerEngine;
    const told = warnings();

    await exchange.transmitPublish("news", data);
    await exchange.channel("news").transmitPublish(data);
    await engine.transmitPublish("news", data);

    await new Promise(setImmediate);
    expect(told).toEqual([expect.any(Error), expect.any(Error), expect.any(Error)]);
  });

  it("that somebody waits for is rejected", async () => {
    app = await startApp();

    await expect(app.server.exchange.invokePublish("news", data)).rejects.toThrow();
    await expect(app.server.exchange.channel("news").invokePublish(data)).rejects.toThrow();
  });

  it("as a transmission is an error of its socket, also where it is copied first", async () => {
    app = await startApp({ cloneData: true });
    const socket = await socketOf();
    const told = warnings();

    await socket.transmit("hello", data);
    socket.startBatch();
    await socket.transmit("hello", data);
    socket.flushBatch();

    await new Promise(setImmediate);
    expect(told).toEqual([expect.any(Error), expect.any(Error)]);
    expect(socket.state).toBe("open");
  });
});

describe("A call that nobody waits for", () => {
  it("ends no process, and is an error of its socket", async () => {
    app = await startApp();
    const socket = await socketOf();
    const told = warnings();

    const rejections = await unhandled(() => {
      void socket.kickOut("never subscribed");
      void socket.setAuthToken(cycle);
    });

    expect(rejections).toEqual([]);
    expect(told.map((error) => (error as Error).name)).toEqual(["InvalidActionError", "RangeError"]);
  });

  it("on a closed socket is an error of it, whatever the event is called", async () => {
    app = await startApp();
    const socket = await socketOf();
    await socket.disconnect();
    const told = warnings();

    await socket.transmit(Symbol("hello") as never);

    await new Promise(setImmediate);
    expect(told).toMatchObject([{ name: "BadConnectionError" }]);
  });
});

describe("A call to a client", () => {
  it.each([Symbol("hi"), Object.create(null)])("times out whatever its name is: %o", async (event) => {
    app = await startApp();
    const socket = await socketOf();

    await expect(socket.invoke(event as never, 1, { ackTimeout: 10 })).rejects.toMatchObject({
      name: "TimeoutError",
    });
  });

  it("on a closed socket rejects whatever its name is", async () => {
    app = await startApp();
    const socket = await socketOf();
    await socket.disconnect();

    await expect(socket.invoke(Object.create(null) as never)).rejects.toMatchObject({
      name: "BadConnectionError",
    });
  });
});

describe("A token that cannot be copied", () => {
  it("is refused, and who the client was still counts", async () => {
    app = await startApp();
    const socket = await socketOf();
    await socket.setAuthToken({ name: "ann" });

    await expect(socket.setAuthToken(cycle)).rejects.toThrow(RangeError);

    expect(socket.authToken).toMatchObject({ name: "ann" });
    expect(socket.state).toBe("open");
  });

  it("is one with a function in it only if that cannot be left out", async () => {
    app = await startApp();
    const socket = await socketOf();

    await socket.setAuthToken({ name: "ann", greet: () => "hello" });

    expect(socket.authToken).toMatchObject({ name: "ann" });
  });
});

describe("A packet that is none", () => {
  it.each([undefined, null, 5, "text", () => {}, Symbol("s")])("harms nobody: %s", async (packet) => {
    app = await startApp();
    const socket = await socketOf();

    expect(() => socket.sendObject(packet as never)).not.toThrow();

    expect(socket.state).toBe("open");
  });
});

describe("A client of the application's own making", () => {
  it("that throws keeps publications from nobody", async () => {
    app = await startApp();
    const engine = app.server.brokerEngine as DefaultBrokerEngine;
    const inbox: unknown[] = [];
    const told = warnings();
    const clients: BrokerClient[] = [
      {
        id: "throws",
        transmit() {
          throw new Error("throws");
        },
      },
      { id: "rejects", transmit: () => Promise.reject(new Error("rejects")) },
      { id: "listens", transmit: (_event, { data }) => inbox.push(data) },
    ];
    for (const client of clients) await engine.subscribeClient(client, "news");

    await app.server.exchange.invokePublish("news", 1);
    app.server.core.pubsub.hub.flush();

    await new Promise(setImmediate);
    expect(inbox).toEqual([1]);
    expect(told.map(String)).toEqual(["Error: throws", "Error: rejects"]);
  });
});

describe("A broker engine of the application that throws", () => {
  it("refuses what somebody waits for, and warns of the rest", async () => {
    const broken = (): never => {
      throw new Error("broken");
    };
    app = await startApp({
      brokerEngine: { subscribeSocket: broken, unsubscribeSocket: broken, invokePublish: broken },
    });
    const told = warnings();

    await expect(app.server.exchange.invokePublish("news", 1)).rejects.toThrow("broken");
    await app.server.exchange.transmitPublish("news", 1);

    await new Promise(setImmediate);
    expect(told.map(String)).toEqual(["Error: broken"]);
  });
});

import { createHook } from "node:async_hooks";
import { afterEach, describe, expect, it } from "vitest";
import { Publication } from "../pubsub/publication.ts";
import type { Connection } from "./connection.ts";
import type { CloseEvent } from "./middleware/events.ts";
import { type RawClient, startServer, type TestServer, until } from "./test-server.ts";

let server: TestServer;
afterEach(() => server.close());

describe("Delivering a publication", () => {
  it("makes no promise, and one write for each connection, however many were published in the turn", async () => {
    server = await startServer();
    const clients = await joinAll(20, "news");
    const { counters, pubsub } = server.core;
    const before = { ...counters };
    let promises = 0;
    const hook = createHook({
      init: (_id, type) => {
        if (type === "PROMISE") promises += 1;
      },
    });

    hook.enable();
    for (let i = 0; i < 5; i += 1) {
      pubsub.publish(new Publication("news", Buffer.from(String(i))), () => {});
    }
    pubsub.hub.flush();
    hook.disable();
    const heard = clients.map(async (client) => {
      const messages: string[] = [];
      for (let i = 0; i < 5; i += 1) messages.push(await client.hear());
      return messages;
    });

    expect(promises).toBe(0);
    for (const messages of await Promise.all(heard)) {
      expect(messages).toEqual(
        [0, 1, 2, 3, 4].map((i) => `{"event":"#publish","data":{"channel":"news","data":${i}}}`),
      );
    }
    expect(counters.messagesOut - before.messagesOut).toBe(100);
    expect(counters.writes - before.writes).toBe(20);
  });

  it("closes a client that does not read, while all others get everything", async () => {
    const closed: CloseEvent[] = [];
    let slowConnection: Connection | undefined;
    server = await startServer({
      options: { maxBufferedBytes: 256 * 1024 },
      events: {
        connected: (connection) => {
          slowConnection ??= connection;
        },
        closed: (_, event) => void closed.push(event),
      },
    });
    const [slow] = await joinAll(1, "news");
    const others = await joinAll(3, "news");
    slow?.ws.pause();
    const data = Buffer.from(JSON.stringify("x".repeat(100_000)));
    let published = 0;
    let received = 0;

    for (const { ws } of others) ws.on("message", () => received++);
    await until("the close of the slow consumer", () => {
      // The others set the pace: what they have not read yet must not look like slowness.
      if (received === published * others.length) {
        published += 1;
        server.core.pubsub.publish(new Publication("news", data), () => {});
      }
      return closed.length > 0;
    });
    await until("the rest of the deliveries", () => received === published * others.length);

    expect(closed).toEqual([expect.objectContaining({ code: 4100, wasOpen: true })]);
    expect(slowConnection?.bufferedBytes).toBeLessThanOrEqual(256 * 1024);
    expect(server.core.counters.slowConsumers).toBe(1);
    expect(server.core.open.size).toBe(3);
    expect(server.core.pubsub.hub.subscriberCount("news")).toBe(3);
  });

  it("gives each subscriber its own copy of what outbound middleware may change", async () => {
    server = await startServer();
    const [ann, bob] = (await joinAll(2, "news")) as [RawClient, RawClient];
    const secrets: object[] = [];
    server.core.middleware.outbound = async (action) => {
      const data = action.data as Record<string, unknown>;
      secrets.push(data);
      data.only = action.connection.id;
      return undefined;
    };

    server.core.pubsub.publish(new Publication("news", Buffer.from('{"a":1}')), () => {});

    const [toAnn, toBob] = [await ann.hearJson(), await bob.hearJson()] as {
      data: { data: { only: string } };
    }[];
    expect(secrets[0]).not.toBe(secrets[1]);
    expect(toAnn?.data.data.only).not.toBe(toBob?.data.data.only);
  });

  it("keeps the order of publications and transmissions while outbound middleware thinks", async () => {
    server = await startServer();
    const [ann] = (await joinAll(1, "news")) as [RawClient];
    let allowFirst = (): void => {};
    server.core.middleware.outbound = (action) =>
      action.data === 1
        ? new Promise((resolve) => {
            allowFirst = () => resolve(undefined);
          })
        : Promise.resolve(undefined);
    const connection = [...server.core.open.values()][0];

    for (const data of ["1", "2"]) {
      server.core.pubsub.publish(new Publication("news", Buffer.from(data)), () => {});
    }
    server.core.pubsub.hub.flush();
    connection?.transmit("hi", 3);
    expect(connection?.outboundWaiting).toBe(3);
    await until("the last decision", () => {
      allowFirst();
      return connection?.outboundWaiting === 0;
    });

    expect([await ann.hearJson(), await ann.hearJson(), await ann.hearJson()]).toMatchObject([
      { data: { data: 1 } },
      { data: { data: 2 } },
      { event: "hi", data: 3 },
    ]);
  });
});

async function joinAll(count: number, channel: string): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let i = 0; i < count; i += 1) {
    const client = await server.join();
    client.say(JSON.stringify({ event: "#subscribe", data: { channel }, cid: 2 }));
    await client.hear();
    clients.push(client);
  }
  return clients;
}

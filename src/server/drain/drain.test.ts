import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Settle } from "../../pubsub/broker.ts";
import { startServer, type TestServer, until } from "../test-server.ts";
import { drain, drainCapacity } from "./drain.ts";

let server: TestServer;
afterEach(() => server.close());

describe("Draining", () => {
  it("closes clients without a code, a few at a time, and ends when all are gone", async () => {
    const clock = new VirtualClock();
    server = await startServer({ clock });
    const clients = [];
    for (let i = 0; i < 20; i += 1) clients.push(await server.join());

    const drained = drain(server.core, { perSecond: 100, deadlineMs: 60_000 });
    expect(server.core.open.size).toBe(15);
    clock.advance(100);
    expect(server.core.open.size).toBe(5);
    clock.advance(1_000);

    const closes = await Promise.all(clients.map(({ closed }) => closed));
    expect(closes.every(({ code }) => code === 1005)).toBe(true);
    await until("the last socket's end", () => server.core.socketCount === 0);
    clock.advance(50);
    await drained;
  });

  it("lets nobody in any more", async () => {
    server = await startServer();
    await drain(server.core, { perSecond: 10, deadlineMs: 1_000 });
    const ws = new WebSocket(`ws://127.0.0.1:${server.port}/socketcluster/`);

    const [error] = (await once(ws, "error")) as [Error];

    expect(error.message).toContain("503");
  });

  it("goes faster than asked where the deadline wants it, and cuts off who does not go", async () => {
    const clock = new VirtualClock();
    server = await startServer({ clock });
    const clients = [];
    for (let i = 0; i < 10; i += 1) clients.push(await server.join());
    clients[0]?.ws.pause(); // it will not see that it is to go

    const drained = drain(server.core, { perSecond: 1, deadlineMs: 1_000 });
    clock.advance(900);
    expect(server.core.open.size).toBe(0);
    await Promise.all(clients.slice(1).map(({ closed }) => closed));
    clock.advance(150);
    await until("the last socket's end", () => server.core.socketCount === 0);
    clock.advance(50);

    await drained;
  });

  it("closes a client that published only when it has its acknowledgements, and hears nothing more of it", async () => {
    const clock = new VirtualClock();
    const settles: Settle[] = [];
    const broker = {
      publish: (_: unknown, settle: Settle) => void settles.push(settle),
      subscribe: (_: string, settle: Settle) => settle(),
      unsubscribe: () => {},
    };
    server = await startServer({ clock, broker: () => broker });
    const [busy, idle] = [await server.join(), await server.join()];
    const say = (cid: number) =>
      busy.say(`{"event":"#publish","data":{"channel":"news","data":1},"cid":${cid}}`);
    for (const cid of [2, 3]) say(cid);
    await until("both are published", () => settles.length === 2);

    const drained = drain(server.core, { perSecond: 1000, deadlineMs: 60_000 });
    expect((await idle.closed).code).toBe(1005);
    const { messagesIn } = server.core.counters;
    say(4);
    await until("it has come", () => server.core.counters.messagesIn > messagesIn);
    clock.advance(1000);
    expect([server.core.open.size, settles.length]).toEqual([1, 2]);

    settles[0]?.();
    settles[1]?.(new Error("no room"));
    clock.advance(50);
    expect(await busy.hear()).toBe('{"rid":2}');
    expect(await busy.hearJson()).toMatchObject({ rid: 3, error: { message: "no room" } });
    expect((await busy.closed).code).toBe(1005);
    await until("the last socket's end", () => server.core.socketCount === 0);
    clock.advance(50);
    await drained;
  });

  it("waits for middleware that decides about a publish", async () => {
    const clock = new VirtualClock();
    server = await startServer({ clock });
    let decide = (): void => {};
    server.core.middleware.inbound = () =>
      new Promise((resolve) => {
        decide = () => resolve(undefined);
      });
    const client = await server.join();
    client.say('{"event":"#publish","data":{"channel":"news","data":1},"cid":2}');
    await until("middleware is asked", () => server.core.counters.messagesIn === 2);

    const drained = drain(server.core, { perSecond: 1000, deadlineMs: 60_000 });
    clock.advance(1000);
    expect(server.core.open.size).toBe(1);
    decide();
    expect(await client.hear()).toBe('{"rid":2}');
    clock.advance(50);
    expect((await client.closed).code).toBe(1005);
    await until("the last socket's end", () => server.core.socketCount === 0);
    clock.advance(50);
    await drained;
  });

  it("closes shortly before the deadline also who has not got an acknowledgement", async () => {
    const clock = new VirtualClock();
    const broker = { publish: () => {}, subscribe: () => {}, unsubscribe: () => {} };
    server = await startServer({ clock, broker: () => broker });
    const client = await server.join();
    client.say('{"event":"#publish","data":{"channel":"news","data":1},"cid":2}');
    await until("it is published", () => server.core.pubsub.publicationCount === 1);

    const drained = drain(server.core, { perSecond: 1000, deadlineMs: 10_000 });
    clock.advance(8900);
    expect(server.core.open.size).toBe(1);
    clock.advance(150);
    expect((await client.closed).code).toBe(1005);
    await until("the last socket's end", () => server.core.socketCount === 0);
    clock.advance(50);
    await drained;
  });

  it("does not make up for the time in which the process stood still", async () => {
    const clock = new VirtualClock();
    server = await startServer({ clock });
    for (let i = 0; i < 60; i += 1) await server.join();

    void drain(server.core, { perSecond: 100, deadlineMs: 60_000 });
    expect(server.core.open.size).toBe(55);
    clock.standStill(1000);
    clock.advance(0);
    expect(server.core.open.size).toBe(50);
    clock.advance(100);
    expect(server.core.open.size).toBe(40);
  });

  it("keeps to a rate below one client per step", async () => {
    const clock = new VirtualClock();
    server = await startServer({ clock });
    for (let i = 0; i < 3; i += 1) await server.join();

    void drain(server.core, { perSecond: 2, deadlineMs: 60_000 });
    clock.advance(450);
    expect(server.core.open.size).toBe(2);
    clock.advance(400);
    expect(server.core.open.size).toBe(2);
    clock.advance(100);
    expect(server.core.open.size).toBe(1);
  });

  it("knows how many it can part with in time", () => {
    expect(drainCapacity({ perSecond: 500, deadlineMs: 10_000 })).toBe(4000);
    expect(drainCapacity({ perSecond: 500, deadlineMs: 0 })).toBe(0);
  });
});

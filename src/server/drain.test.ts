import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { drain } from "./drain.ts";
import { startServer, type TestServer, until } from "./test-server.ts";

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
});

import { once } from "node:events";
import { get } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { startServer, type TestServer, type TestSetup, until } from "./test-server.ts";

const UPGRADE = [
  ...["GET /socketcluster/ HTTP/1.1", "Host: x", "Connection: Upgrade", "Upgrade: websocket"],
  ...["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "", ""],
].join("\r\n");

describe("A server of clients that may have so many", () => {
  const servers: TestServer[] = [];

  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function start(setup: TestSetup): Promise<TestServer> {
    const server = await startServer(setup);
    servers.push(server);
    return server;
  }

  async function answerTo(port: number): Promise<string> {
    const socket = connect(port, "127.0.0.1");
    let heard = "";
    socket.on("data", (chunk) => {
      heard += chunk;
      if (heard.includes("101 Switching")) socket.destroy();
    });
    socket.write(UPGRADE);
    await once(socket, "close");
    return heard;
  }

  it("answers one more 503, says so, and takes the next when one has gone", async () => {
    const warnings: unknown[] = [];
    const events = { warning: (error: unknown) => warnings.push(error) };
    const server = await start({ options: { maxConnections: 2 }, events });
    const [first] = [await server.join(), await server.connect()];

    expect(await answerTo(server.port)).toMatch(/^HTTP\/1\.1 503 [\s\S]*\r\nRetry-After: \d+\r\n/);
    expect(server.core.counters.full).toBe(1);
    expect(String(warnings)).toContain("there are 2 (maxConnections, SCC_MAX_CONNECTIONS)");

    first?.ws.close();
    await until("one has gone", () => server.core.socketCount === 1);
    expect(await answerTo(server.port)).toMatch(/^HTTP\/1\.1 101 /);
  });

  it("counts those that middleware has not decided about", async () => {
    const server = await start({ options: { maxConnections: 1 } });
    server.core.middleware.handshake = () => new Promise(() => {});
    const waiting = connect(server.port, "127.0.0.1");
    waiting.write(UPGRADE);
    await until("it is asked", () => server.core.undecided.size === 1);

    expect(await answerTo(server.port)).toMatch(/^HTTP\/1\.1 503 /);
    waiting.destroy();
  });

  it("answers plain requests all the same", async () => {
    const server = await start({ options: { maxConnections: 1 } });
    server.http.on("request", (_request, response) => response.end("plain"));
    await server.join();
    const status = await new Promise((resolve) => {
      get({ port: server.port, host: "127.0.0.1" }, (response) => resolve(response.resume().statusCode));
    });
    expect(status).toBe(200);
  });

  it("cuts a client that never shook hands a second after its time, if it does not go by itself", async () => {
    const clock = new VirtualClock();
    const server = await start({ clock });
    const silent = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
    silent.write(UPGRADE);
    await until("it is connected", () => server.core.pending.size === 1);
    let heard = Buffer.alloc(0);
    silent.on("data", (chunk) => {
      heard = Buffer.concat([heard, chunk]);
    });
    silent.on("error", () => {});
    clock.advance(10_600);
    await until("it is told so", () => heard.includes(Buffer.from([0x0f, 0xa5])));
    expect(server.core.closing.size).toBe(1);
    clock.advance(1_000);
    await until("it is gone", () => server.core.socketCount === 0);
    silent.destroy();
  });
});

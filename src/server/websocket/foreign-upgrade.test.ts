import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { startServer, type TestServer, type TestSetup, until, within } from "../test-server.ts";

const UPGRADE = "GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/** An HTTP server that has other listeners for upgrades as well. */
describe("An upgrade that is not for us", () => {
  const servers: TestServer[] = [];
  const clients: Socket[] = [];

  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  async function start(setup: TestSetup, other: (request: IncomingMessage, socket: Duplex) => void) {
    const server = await startServer(setup);
    servers.push(server);
    server.http.on("upgrade", other);
    return server;
  }

  async function ask(server: TestServer): Promise<{ client: Socket; heard: () => string }> {
    const client = connect(server.port, "127.0.0.1");
    clients.push(client);
    let heard = "";
    client.on("data", (chunk) => {
      heard += chunk;
    });
    client.on("error", () => {});
    await once(client, "connect");
    client.write(UPGRADE);
    return { client, heard: () => heard };
  }

  it("ends nobody where the client resets the connection before anyone took it", async () => {
    const sockets: Duplex[] = [];
    const server = await start({}, (_request, socket) => sockets.push(socket));
    const { client } = await ask(server);
    await until("the upgrade", () => sockets.length === 1);
    expect(sockets[0]?.listenerCount("error")).toBeGreaterThan(0);

    client.resetAndDestroy();
    await within("the end", (resolve) => sockets[0]?.on("close", () => resolve(undefined)));
    await server.join();
  });

  it("belongs to whoever takes it, for as long as it likes", async () => {
    const clock = new VirtualClock();
    const sockets: Duplex[] = [];
    const server = await start({ clock }, (_request, socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
    });
    const { heard } = await ask(server);
    await until("the upgrade", () => sockets.length === 1);
    clock.advance(60_000);
    sockets[0]?.write("theirs");
    await until("their answer", () => heard() !== "");
    expect(heard()).toBe("theirs");
  });

  it("is refused if nobody has taken it in the time of a handshake", async () => {
    const clock = new VirtualClock();
    let upgrades = 0;
    const server = await start({ clock }, () => {
      upgrades += 1;
    });
    const { heard, client } = await ask(server);
    await until("the upgrade", () => upgrades === 1);
    clock.advance(9_000);
    expect(heard()).toBe("");
    clock.advance(1_000);
    await once(client, "close");
    expect(heard()).toMatch(/^HTTP\/1\.1 400 /);
  });
});

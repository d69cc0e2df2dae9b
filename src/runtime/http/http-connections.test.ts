import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer, request } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Authority, hasOpenssl } from "../../../test/support/authority.ts";
import { HttpConnections, type HttpConnectionsOptions } from "./http-connections.ts";

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const PATIENCE_MS = 10_000;

interface Client {
  readonly socket: Socket;
  heard: string;
}

describe("The connections of an HTTP server", () => {
  const servers: HttpConnections[] = [];
  const clients: Client[] = [];

  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await Promise.all(servers.splice(0).map((connections) => connections.close()));
  });

  async function serve(options: HttpConnectionsOptions, listener: RequestListener) {
    const connections = new HttpConnections(options);
    const server = connections.watch(createServer(connections.serverOptions, listener));
    servers.push(connections);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return { connections, server, port };
  }

  /** A server that answers when it is told to. */
  async function serveLater(options: HttpConnectionsOptions = {}) {
    const asked: { request: IncomingMessage; response: ServerResponse }[] = [];
    const served = await serve(options, (request, response) => asked.push({ request, response }));
    const answer = (text: string): void => void asked.shift()?.response.end(text);
    return { ...served, asked, answer };
  }

  async function dial(port: number, says = ""): Promise<Client> {
    const socket = connect(port, "127.0.0.1");
    const client: Client = { socket, heard: "" };
    clients.push(client);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      client.heard += chunk;
    });
    await once(socket, "connect");
    socket.write(says);
    return client;
  }

  async function until(holds: () => boolean): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!holds()) {
      if (performance.now() > end) throw new Error(`Waited in vain: ${holds}`);
      await new Promise(setImmediate);
    }
  }

  const closed = ({ socket }: Client): Promise<unknown> => once(socket, "close");

  it("make room by cutting the oldest that has asked for nothing", async () => {
    let refused = 0;
    const limit = { webSockets: 1, all: 3 };
    const { connections, port, asked } = await serveLater({ limit, refused: () => (refused += 1) });
    const asks = await dial(port, GET);
    await until(() => asked.length === 1);
    const [silent] = [await dial(port), await dial(port)];
    await until(() => connections.count === 3);
    const gone = closed(silent);
    await dial(port, GET);
    await gone;
    await until(() => asked.length === 2);

    expect(asks.socket.destroyed).toBe(false);
    expect([refused, connections.refusedCount, connections.count]).toEqual([1, 1, 3]);
  });

  it("are cut as they come where all others want something", async () => {
    const { connections, port, asked } = await serveLater({ limit: { webSockets: 1, all: 2 } });
    await Promise.all([dial(port, GET), dial(port, GET)]);
    await until(() => asked.length === 2);
    await closed(await dial(port));

    expect([connections.count, connections.refusedCount]).toEqual([2, 1]);
  });

  it("are kept once they are upgraded", async () => {
    const { connections, server, port } = await serveLater({ limit: { webSockets: 1, all: 1 } });
    server.on("upgrade", (_request, socket) => socket.write("yours"));
    const upgraded = await dial(
      port,
      GET.replace("x\r\n", "x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"),
    );
    await until(() => upgraded.heard === "yours");
    await closed(await dial(port));

    expect(upgraded.socket.destroyed).toBe(false);
    expect(connections.isFull).toBe(false);
  });

  it("are forgotten when they are over", async () => {
    const { connections, port } = await serveLater();
    const client = await dial(port);
    await until(() => connections.count === 1);
    client.socket.destroy();
    await until(() => connections.count === 0);
  });

  it("are forgotten with the requests that wait on them one behind the other", async () => {
    const { connections, port, asked } = await serveLater();
    const client = await dial(port, GET.repeat(5));
    await until(() => asked.length === 5);
    client.socket.destroy();
    await until(() => connections.count === 0);

    expect(await connections.finish(PATIENCE_MS)).toBe(0);
  });

  it.runIf(hasOpenssl())("make room over TLS, too, by cutting who does not even begin with it", async () => {
    const authority = new Authority();
    const { cert, key } = authority.issue();
    authority.close();
    const connections = new HttpConnections({ limit: { webSockets: 1, all: 3 } });
    const options = { ...connections.serverOptions, cert, key };
    const server = connections.watch(createTlsServer(options, (_request, response) => response.end("ok")));
    server.on("tlsClientError", () => {});
    servers.push(connections);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await Promise.all([dial(port), dial(port), dial(port)]);
    await until(() => connections.count === 3);
    const asks = request({ port, host: "127.0.0.1", rejectUnauthorized: false }).end();
    const [response] = (await once(asks, "response")) as [IncomingMessage];
    response.resume();

    expect([response.statusCode, connections.refusedCount, connections.count]).toEqual([200, 1, 3]);
  });

  it("may not be silent for ten seconds, nor slow with their headers", () => {
    expect(new HttpConnections({ requestMs: 0 }).serverOptions).toMatchObject({
      headersTimeout: 10_000,
      handshakeTimeout: 10_000,
      requestTimeout: 0,
      connectionsCheckingInterval: 1_000,
    });
  });

  it("end with the answer once it is said so, also for requests that run already", async () => {
    const { connections, port, asked, answer } = await serveLater();
    const [running, idle] = [await dial(port, GET), await dial(port, GET)];
    await until(() => asked.length === 2);
    asked.pop()?.response.end("first");
    await until(() => idle.heard.endsWith("first"));
    connections.endAfterAnswers();
    answer("late");
    idle.socket.write(GET);
    await until(() => asked.length === 1);
    answer("second");
    await Promise.all([closed(running), closed(idle)]);

    expect(running.heard).toMatch(/\r\nconnection: close\r\n[\s\S]*late$/i);
    expect(idle.heard).toMatch(/first[\s\S]*\r\nconnection: close\r\n[\s\S]*second$/i);
  });

  it("finish: streams go on to their end, idle ones are closed, new ones refused", async () => {
    const { connections, port, asked } = await serveLater();
    const [stream, idle] = [await dial(port, GET), await dial(port, GET)];
    await until(() => asked.length === 2);
    asked.pop()?.response.end("done");
    asked[0]?.response.write("part 1 ");
    await until(() => idle.heard.endsWith("done") && stream.heard.includes("part 1"));

    const finished = connections.finish(PATIENCE_MS);
    await closed(idle);
    const refused = connect(port, "127.0.0.1");
    await once(refused, "error");
    asked[0]?.response.end("part 2");
    expect(await finished).toBe(0);
    await closed(stream);

    expect(stream.heard).toContain("part 2");
  });

  it("finish: what is not answered in time is told, and cut by the end", async () => {
    const { connections, port, asked } = await serveLater();
    const client = await dial(port, GET);
    await until(() => asked.length === 1);

    expect(await connections.finish(1)).toBe(1);
    const gone = closed(client);
    await connections.close();
    await gone;
  });

  it("end, upgraded ones included, and may be ended twice", async () => {
    const { connections, server, port } = await serveLater();
    server.on("upgrade", (_request, socket) => socket.write("yours"));
    const upgraded = await dial(
      port,
      GET.replace("x\r\n", "x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"),
    );
    await until(() => upgraded.heard === "yours");
    const gone = closed(upgraded);
    await connections.end(PATIENCE_MS);
    await gone;
    await connections.close();
  });
});

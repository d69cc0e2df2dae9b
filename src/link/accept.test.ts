import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { systemClock } from "../runtime/clock.ts";
import { until } from "../server/test-server.ts";
import { type AcceptOptions, acceptMembers } from "./accept.ts";
import { type DialOptions, dial, PATH } from "./dial.ts";
import type { DialFailure } from "./dial-failure.ts";
import { askIdentity, IDENTITY_PROTOCOL, sayIdentity } from "./identity.ts";
import type { MemberSocket } from "./member-socket.ts";
import { sendText } from "./prove.ts";

const PROTOCOL = "test.1";
const OTHER = "test.2";
const KEY = "the key of the cluster";
const NEXT = "the next key";
const BROKER = "cbd0c13e-45b8-4fd3-8a5a-0c2e1ba1f4ab";
const closing: (() => void)[] = [];

/** A process that accepts members, and what became of those who came. */
async function accepting(options: Partial<AcceptOptions> = {}) {
  const heard: string[] = [];
  const refused: string[] = [];
  const others: IncomingMessage[] = [];
  const take = (socket: MemberSocket): void => {
    closing.push(() => socket.terminate());
    socket.start({ read: (message) => void heard.push(message.toString()), closed: () => {} });
  };
  const server = createServer();
  acceptMembers(server, {
    authKeys: [KEY],
    clientAuth: false,
    maxPayload: 2 ** 20,
    clock: systemClock,
    instanceId: () => BROKER,
    protocols: new Map([
      [PROTOCOL, take],
      [OTHER, take],
      [IDENTITY_PROTOCOL, (socket) => sayIdentity(socket, BROKER)],
    ]),
    others: (request, socket) => {
      others.push(request);
      socket.destroy();
    },
    refused: (_request, reason) => void refused.push(reason),
    ...options,
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { port, uri: `ws://127.0.0.1:${port}`, heard, refused, others };
}

function dialled(uri: string, options: Partial<DialOptions> = {}): Promise<MemberSocket | DialFailure> {
  return new Promise((resolve) => {
    dial(
      { uri, protocol: PROTOCOL, authKey: KEY, connectTimeoutMs: 3000, maxPayload: 2 ** 20, ...options },
      {
        opened: (socket) => {
          closing.push(() => socket.terminate());
          socket.start({ read: () => {}, closed: () => {} });
          resolve(socket);
        },
        failed: resolve,
      },
    );
  });
}

const isSocket = (result: MemberSocket | DialFailure): result is MemberSocket => "send" in result;

/** Stands between two, and keeps what each says. */
async function listeningIn(port: number): Promise<{ uri: string; bytes: () => string }> {
  const chunks: Buffer[] = [];
  const relay = createTcpServer((near: Socket) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) socket.on("data", (chunk) => void chunks.push(chunk));
    near.pipe(far).pipe(near);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
    closing.push(() => near.destroy());
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  closing.push(() => relay.close());
  return {
    uri: `ws://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    bytes: () => Buffer.concat(chunks).toString("latin1"),
  };
}

/** Somebody without the key at an address that is dialled. @returns what it was told */
async function stranger(answer: (socket: WebSocket, said: string) => void) {
  const told: string[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ server, path: PATH });
  sockets.on("headers", (headers) => headers.push(`scc-nonce: ${"0".repeat(64)}`));
  sockets.on("connection", (socket, request) => {
    told.push(`${request.url} ${JSON.stringify(request.headers)}`);
    closing.push(() => socket.terminate());
    socket.on("message", (message) => {
      told.push(message.toString());
      answer(socket, message.toString());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return { uri: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, told };
}

/** The answer to an upgrade: its status, or 101. */
function statusOf(
  uri: string,
  protocol: string | undefined,
  headers: Record<string, string>,
): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(uri, protocol === undefined ? [] : [protocol], { headers });
    closing.push(() => socket.terminate());
    socket.on("open", () => resolve(101));
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
    socket.on("error", () => {});
    socket.on("close", () => resolve(0));
  });
}

describe("Members' connections", () => {
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  it("are not opened to web pages, whatever they speak, with a key and without", async () => {
    for (const authKeys of [[], [KEY]]) {
      const { uri, refused, others } = await accepting({ authKeys });
      const page = { origin: "http://127.0.0.1:9999" };
      const statuses = [
        await statusOf(`${uri}${PATH}`, PROTOCOL, page),
        await statusOf(`${uri}${PATH}`, undefined, page),
        await statusOf(`${uri}${PATH}?authKey=${encodeURIComponent(KEY)}`, undefined, { origin: "null" }),
      ];

      expect(statuses).toEqual([403, 403, 403]);
      expect(refused).toHaveLength(3);
      expect(others).toEqual([]);
    }
  });

  it("are opened once both have proved that they hold the key, and the key is never said", async () => {
    const { port, heard } = await accepting();
    const { uri, bytes } = await listeningIn(port);
    const near = await dialled(uri, { target: BROKER });
    if (!isSocket(near)) throw new Error(near.reason);
    sendText(near, "hello");
    await until("it is heard", () => heard.length === 1);

    expect(heard).toEqual(["hello"]);
    expect(bytes()).not.toContain(KEY);
    expect(bytes()).not.toContain(encodeURIComponent(KEY));
    expect(bytes().toLowerCase()).not.toContain("authorization");
  });

  it("carry what follows the proof at once, however large", async () => {
    const text = "x".repeat(100_000);
    const { uri } = await accepting({
      protocols: new Map([[PROTOCOL, (socket) => sendText(socket, text)]]),
    });
    const heard: string[] = [];
    dial(
      { uri, protocol: PROTOCOL, authKey: KEY, connectTimeoutMs: 3000, maxPayload: 2 ** 20 },
      {
        opened: (socket) => {
          closing.push(() => socket.terminate());
          socket.start({ read: (message) => void heard.push(message.toString()), closed: () => {} });
        },
        failed: ({ reason }) => void heard.push(reason),
      },
    );
    await until("it is heard", () => heard.length > 0);

    expect(heard).toEqual([text]);
  });

  it("are opened by the second key of two, so that keys can be changed in two rolls", async () => {
    const before = await accepting({ authKeys: [KEY, NEXT] });
    const after = await accepting({ authKeys: [NEXT, KEY] });

    for (const { uri } of [before, after])
      for (const authKey of [KEY, NEXT]) expect(isSocket(await dialled(uri, { authKey }))).toBe(true);
  });

  it("are refused to who has another key or none, and nobody without one is let in who has one", async () => {
    const { uri, refused, heard } = await accepting();
    const open = await accepting({ authKeys: [] });
    const failures = [
      await dialled(uri, { authKey: "another" }),
      await dialled(uri, { authKey: undefined }),
      await dialled(open.uri),
    ];

    expect(failures).toMatchObject([{ kind: "auth" }, { kind: "auth" }, { kind: "auth" }]);
    for (const failure of failures) expect((failure as DialFailure).reason).toContain("BadClusterAuthError");
    expect(refused).toEqual(Array(2).fill(expect.stringContaining("SCC_AUTH_KEY")));
    expect(heard).toEqual([]);
  });

  it("read nothing from who has not proved that it holds the key, not even a large message's beginning", async () => {
    const { uri, heard, refused } = await accepting();
    const closed = (say: (socket: WebSocket) => void): Promise<number> =>
      new Promise((resolve) => {
        const socket = new WebSocket(`${uri}${PATH}`, [PROTOCOL], {
          headers: { "scc-nonce": "0".repeat(64) },
        });
        socket.on("open", () => say(socket));
        socket.on("close", resolve).on("error", () => {});
      });

    expect(await closed((socket) => socket.send(Buffer.from([1, 2, 3])))).toBe(1000);
    expect(await closed((socket) => socket.send(Buffer.alloc(1000)))).toBe(1009);
    expect(heard).toEqual([]);
    expect(refused[0]).toContain("SCC_AUTH_KEY");
  });

  it("are opened to who has the key where there is no more room, and who proved nothing makes it", async () => {
    let isFull = false;
    const { uri, refused } = await accepting({ isFull: () => isFull });
    const silent = new WebSocket(`${uri}${PATH}`, [PROTOCOL], { headers: { "scc-nonce": "0".repeat(64) } });
    const ended = new Promise((resolve) => silent.on("close", resolve));
    silent.on("error", () => {});
    await new Promise((resolve) => silent.on("open", resolve));
    isFull = true;

    expect(isSocket(await dialled(uri))).toBe(true);
    await ended;
    expect(refused).toEqual(["too many connect without the key"]);
    expect(await dialled(uri)).toMatchObject({ reason: expect.stringContaining("SCC_MAX_CONNECTIONS") });
  });

  it("give who is dialled and has no key nothing but a proof that is good for nothing else", async () => {
    const echoes = await stranger((socket, said) => socket.send(said.split(" ")[0] ?? ""));
    const failure = await dialled(echoes.uri, { target: BROKER });

    expect(failure).toMatchObject({ kind: "auth" });
    expect(echoes.told.join()).not.toContain(KEY);
    expect(echoes.told[1]).toMatch(/^[0-9a-f]{64} /);

    // The same words on a new connection are no proof: the other side's nonce is another.
    const { uri, heard, refused } = await accepting();
    const socket = new WebSocket(`${uri}${PATH}`, [PROTOCOL], { headers: { "scc-nonce": "0".repeat(64) } });
    socket.on("open", () => socket.send(echoes.told[1] ?? ""));
    await new Promise((resolve) => socket.on("close", resolve));
    expect(refused).toEqual([expect.stringContaining("BadClusterAuthError")]);
    expect(heard).toEqual([]);
  });

  it("cannot be passed on to another instance by who stands at its address", async () => {
    const { port, refused } = await accepting();
    const { uri: passedOn } = await listeningIn(port);

    expect(await dialled(passedOn, { target: "another" })).toMatchObject({ kind: "replaced" });
    expect(refused).toEqual(["another instance is expected here"]);
  });

  it("of upstream's members are opened by the key in the query", async () => {
    const { uri, others } = await accepting();
    const right = statusOf(`${uri}${PATH}?authKey=${encodeURIComponent(KEY)}`, undefined, {});
    await until("it is let in", () => others.length === 1);
    await right;

    expect(await statusOf(`${uri}${PATH}?authKey=wrong`, undefined, {})).toBe(401);
    expect(await statusOf(`${uri}${PATH}`, undefined, { authorization: `Bearer ${KEY}` })).toBe(401);
    expect(others).toHaveLength(1);
  });

  it("tell who is there to who holds the key, and nobody else", async () => {
    const { uri } = await accepting();
    const ask = (authKey: string | undefined): Promise<string | DialFailure> =>
      new Promise((resolve) =>
        askIdentity({ uri, authKey, connectTimeoutMs: 3000 }, { identified: resolve, failed: resolve }),
      );

    expect(await ask(KEY)).toBe(BROKER);
    expect(await ask("another")).toMatchObject({ kind: "auth" });
    expect(await ask(undefined)).toMatchObject({ kind: "auth" });
  });
});

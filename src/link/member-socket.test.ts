import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createConnection } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { FRAME_ROOM } from "../protocol/frames.ts";
import { systemClock } from "../runtime/clock.ts";
import { until } from "../server/test-server.ts";
import { acceptMembers } from "./accept.ts";
import { dial, PATH } from "./dial.ts";
import type { MemberSocket } from "./member-socket.ts";

const PROTOCOL = "test.1";
const MAX_PAYLOAD = 2 ** 22;
const closing: (() => void)[] = [];

/** What one end heard. */
class End {
  readonly heard: Buffer[] = [];
  readonly reasons: string[] = [];
  readonly socket: MemberSocket;

  constructor(socket: MemberSocket) {
    this.socket = socket;
    socket.start({
      read: (message) => void this.heard.push(message),
      closed: (reason) => void this.reasons.push(reason),
    });
    closing.push(() => socket.terminate());
  }

  /** Sends as a link does: into one Buffer that is used again where that is possible. */
  send(message: Buffer): boolean {
    return this.socket.send(Buffer.concat([Buffer.alloc(FRAME_ROOM, 0xee), message]));
  }
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server of members, and those who came. */
async function serving(): Promise<{ uri: string; came: End[] }> {
  const came: End[] = [];
  const server = createServer();
  acceptMembers(server, {
    authKeys: [],
    clientAuth: false,
    maxPayload: MAX_PAYLOAD,
    clock: systemClock,
    protocols: new Map([[PROTOCOL, (socket) => void came.push(new End(socket))]]),
    refused: () => {},
  });
  return { uri: await listening(server), came };
}

function dialled(uri: string): Promise<End> {
  return new Promise((resolve, reject) => {
    dial(
      { uri, protocol: PROTOCOL, authKey: undefined, connectTimeoutMs: 5000, maxPayload: MAX_PAYLOAD },
      { opened: (socket) => resolve(new End(socket)), failed: ({ reason }) => reject(new Error(reason)) },
    );
  });
}

async function pair(): Promise<{ near: End; far: End }> {
  const { uri, came } = await serving();
  const near = await dialled(uri);
  await until("a member came", () => came.length === 1);
  return { near, far: came[0]! };
}

const SIZES = [0, 1, 125, 126, 65_535, 65_536, 1_000_000];
/** Messages, told apart quickly: comparing megabytes item by item takes seconds. */
const digests = (list: readonly unknown[]): string[] =>
  list.map(
    (each) =>
      `${(each as Buffer).length} ${createHash("sha1")
        .update(each as Buffer)
        .digest("hex")}`,
  );

const messages = SIZES.map((size, i) => Buffer.alloc(size, i + 1));

describe("A member's socket", () => {
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  it("carries messages of any size, both ways, in order", async () => {
    const { near, far } = await pair();
    for (const message of messages) {
      near.send(message);
      far.send(message);
    }
    await until("all came", () => near.heard.length === SIZES.length && far.heard.length === SIZES.length);

    expect(digests(far.heard)).toEqual(digests(messages));
    expect(digests(near.heard)).toEqual(digests(messages));
  });

  it("speaks WebSocket as a client: a server of another make understands it", async () => {
    const server = createServer();
    const sockets = new WebSocketServer({ server, path: PATH });
    const heard: unknown[] = [];
    const pongs: string[] = [];
    const codes: unknown[] = [];
    sockets.on("connection", (socket) => {
      socket.on("message", (message, isBinary) => isBinary && heard.push(message));
      socket.on("close", (code, reason) => codes.push([code, reason.toString()]));
      for (const message of messages) socket.send(message);
      socket.ping("still there?");
      socket.on("pong", (payload) => pongs.push(payload.toString()));
    });
    const near = await dialled(await listening(server));
    for (const message of messages) near.send(message);
    await until(
      "all came, and a pong",
      () => near.heard.length === SIZES.length && heard.length === SIZES.length && pongs.length === 1,
    );
    near.socket.close("enough – for today");
    await until("a goodbye came", () => codes.length === 1);

    expect(digests(near.heard)).toEqual(digests(messages));
    expect(digests(heard)).toEqual(digests(messages));
    expect(pongs).toEqual(["still there?"]);
    expect(codes).toEqual([[1000, "enough ? for today"]]);
    expect(near.reasons).toEqual(["enough – for today"]);
  });

  it("speaks WebSocket as a server: a client of another make understands it, with masks of any kind", async () => {
    const { uri, came } = await serving();
    const client = new WebSocket(`${uri}${PATH}`, PROTOCOL);
    closing.push(() => client.terminate());
    const heard: unknown[] = [];
    client.on("message", (message) => heard.push(message));
    await new Promise((resolve) => client.once("open", resolve));
    for (const message of messages) client.send(message);
    await until("all came", () => came[0]?.heard.length === SIZES.length);
    for (const message of messages) came[0]!.send(message);
    await until("all came back", () => heard.length === SIZES.length);
    client.close(1000, "done");
    await until("a goodbye came", () => came[0]?.reasons.length === 1);

    expect(digests(came[0]!.heard)).toEqual(digests(messages));
    expect(digests(heard)).toEqual(digests(messages));
    expect(came[0]!.reasons).toEqual(["done"]);
  });

  it("says when a Buffer is still needed, and how much waits, where the other side does not read", async () => {
    const { near, far } = await pair();
    // Never given to the far end's user: its kernel's buffers fill up.
    const message = Buffer.alloc(100_000, 7);
    let kept = false;
    let sent = 0;
    while (!kept && sent < 1000) {
      kept = near.send(message);
      sent += 1;
    }

    expect(kept).toBe(true);
    expect(near.socket.bufferedBytes).toBeGreaterThan(0);
    await until("all came", () => far.heard.length === sent);
    expect(far.heard.every((each) => each.equals(message))).toBe(true);
    await until("nothing waits", () => near.socket.bufferedBytes === 0);
  });

  it("tells the other side's reason, once, and sends nothing more", async () => {
    const { near, far } = await pair();
    far.send(Buffer.from("before"));
    far.socket.close("broker stops");
    await until("a reason came", () => near.reasons.length === 1);
    near.send(Buffer.from("after"));
    near.socket.close("me too");

    expect(near.heard.map(String)).toEqual(["before"]);
    expect(near.reasons).toEqual(["broker stops"]);
    expect(far.reasons).toEqual(["broker stops"]);
  });

  it("ends when the connection breaks", async () => {
    const { near, far } = await pair();
    near.socket.terminate();
    await until("both ended", () => far.reasons.length === 1 && near.reasons.length === 1);

    expect(near.reasons).toEqual(["the connection broke"]);
  });

  it("ends when bytes come that are no frames, and when a frame is too long", async () => {
    const { uri, came } = await serving();
    const { port } = new URL(uri);
    const raw = createConnection({ host: "127.0.0.1", port: Number(port) });
    closing.push(() => raw.destroy());
    raw.write(
      `GET ${PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ${PROTOCOL}\r\n\r\n`,
    );
    await until("the handshake", () => came.length === 1);
    raw.write(Buffer.from([0x82, 0x01, 0x00]));
    const near = await dialled(uri);
    await until("the second member", () => came.length === 2);
    near.send(Buffer.alloc(MAX_PAYLOAD + 1));
    await until("both ended", () => came.every(({ reasons }) => reasons.length === 1));

    expect(came[0]?.reasons[0]).toContain("without a mask");
    expect(came[1]?.reasons[0]).toContain("larger than maxPayload");
    expect(came.flatMap(({ heard }) => heard)).toEqual([]);
  });
});

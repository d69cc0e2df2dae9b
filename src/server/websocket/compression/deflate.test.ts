import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { inflateRawSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { answerPacket, eventPacket } from "../../../protocol/encode.ts";
import { binaryFrame } from "../../../protocol/frames.ts";
import { Publication } from "../../../pubsub/publication.ts";
import { problemsOf, type ServerOptions } from "../../options.ts";
import { RawClient, startServer, type TestServer, until } from "../../test-server.ts";

const CHROMIUM = "permessage-deflate; client_max_window_bits";
const LARGE = JSON.stringify(Array.from({ length: 200 }, (_, i) => ({ id: i, name: `user ${i * 7919}` })));
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

let server: TestServer;
const sockets: { terminate?(): void; destroy?(): void }[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) (socket.terminate ?? socket.destroy)?.call(socket);
  server.close();
});

describe("A publication", () => {
  it("is compressed once for all who take it so, and goes as it is to the others", async () => {
    await start();
    const deflating = await joinAll(5, { perMessageDeflate: true });
    const plain = await joinAll(3, { perMessageDeflate: false });

    publish(LARGE);

    for (const client of [...deflating, ...plain]) expect(await client.hear()).toBe(packet(LARGE));
    expect(server.core.counters.compressions).toBe(1);
    expect(server.core.counters.bytesOut).toBeLessThan(4 * LARGE.length + 8 * 500);
  });

  it("is not compressed if nobody takes it so", async () => {
    await start();
    const clients = await joinAll(3, { perMessageDeflate: false });

    publish(LARGE);

    for (const client of clients) expect(await client.hear()).toBe(packet(LARGE));
    expect(server.core.counters.compressions).toBe(0);
  });

  it("is not compressed unless the server was told to, whatever clients offer", async () => {
    await start({ perMessageDeflate: undefined });
    const client = await joinWire(CHROMIUM);

    publish(LARGE);

    expect(client.agreed).toBeUndefined();
    expect(await client.frame()).toMatchObject({ rsv1: false, payload: packet(LARGE) });
    expect(server.core.counters.compressions).toBe(0);
  });

  it("that is small goes as it is", async () => {
    await start({ perMessageDeflate: { threshold: 300 } });
    const client = await joinWire(CHROMIUM);
    const around = packet('""').length;

    publish(`"${"a".repeat(299 - around)}"`);
    publish(`"${"a".repeat(300 - around)}"`);

    expect([(await client.frame()).rsv1, (await client.frame()).rsv1]).toEqual([false, true]);
    expect(server.core.counters.compressions).toBe(1);
  });

  it("that is so large that compressing would hold everybody up goes as it is", async () => {
    await start();
    const client = await joinWire(CHROMIUM);
    const huge = `"${"a".repeat(512 * 1024)}"`;

    publish(huge);
    publish(LARGE);

    expect(await client.frame()).toMatchObject({ rsv1: false, payload: packet(huge) });
    expect(await client.frame()).toMatchObject({ rsv1: true, payload: packet(LARGE) });
  });

  it("keeps its place among others, compressed or not, whoever they come to", async () => {
    await start();
    const wire = await joinWire(CHROMIUM);
    const [deflating] = await joinAll(1, { perMessageDeflate: true });
    const texts = ["1", LARGE, "2", "3", `"${"b".repeat(70_000)}"`, "4"];

    for (const text of texts) publish(text);

    const frames = [];
    for (const text of texts) {
      expect(await deflating?.hear()).toBe(packet(text));
      frames.push(await wire.frame());
    }
    expect(frames.map(({ payload }) => payload)).toEqual(texts.map(packet));
    expect(frames.map(({ rsv1 }) => rsv1)).toEqual([false, true, false, false, true, false]);
    expect(server.core.counters.compressions).toBe(2);
  });

  it("is compressed as a codec writes it, in text or in bytes", async () => {
    await start();
    const wire = await joinWire(CHROMIUM);
    const decode = (message: unknown): unknown => JSON.parse(String(message));

    server.core.useCodec({ decode, encode: (value) => `*${JSON.stringify(value)}` });
    publish(LARGE);
    server.core.pubsub.hub.flush();
    server.core.useCodec({ decode, encode: (value) => Buffer.from(JSON.stringify(value)) });
    publish(LARGE);

    expect(await wire.frame()).toMatchObject({ rsv1: true, opcode: 1, payload: `*${packet(LARGE)}` });
    expect(await wire.frame()).toMatchObject({ rsv1: true, opcode: 2, payload: packet(LARGE) });
  });

  it("that middleware changes for each subscriber is not compressed, and what it leaves as it is only once", async () => {
    await start();
    const wires = [await joinWire(CHROMIUM), await joinWire(CHROMIUM)];
    const users = JSON.parse(LARGE) as unknown[];
    const allowed = [{ data: [...users, 1] }, undefined, { options: { useCache: true } }];
    const payloads = [packet(JSON.stringify([...users, 1])), packet(LARGE), packet(LARGE)];

    for (const [i, payload] of payloads.entries()) {
      server.core.middleware.outbound = async () => allowed[i];
      publish(LARGE);
      for (const wire of wires) expect(await wire.frame()).toMatchObject({ rsv1: i > 0, payload });
    }

    expect(server.core.counters.compressions).toBe(2);
  });

  it("that a client gets in a batch of its own is not compressed", async () => {
    await start({ batchOnHandshake: true, batchOnHandshakeDuration: 60_000, batchInterval: 10 });
    const wire = await joinWire(CHROMIUM);

    publish(LARGE);

    expect(await wire.frame()).toMatchObject({ rsv1: false, payload: `[${packet(LARGE)}]` });
  });
});

describe("What one client alone is told", () => {
  it("is compressed as well: answers, transmissions", async () => {
    await start();
    const wire = await joinWire(CHROMIUM);
    const [connection] = server.core.open.values();

    connection?.sendPacket(answerPacket(7, JSON.parse(LARGE)));
    connection?.transmit("news", JSON.parse(LARGE));
    connection?.sendPacket(eventPacket("small", 1));

    expect(await wire.frame()).toMatchObject({ rsv1: true, payload: `{"rid":7,"data":${LARGE}}` });
    expect(await wire.frame()).toMatchObject({ rsv1: true });
    expect(await wire.frame()).toMatchObject({ rsv1: false });
  });
});

describe("Compression", () => {
  it("is agreed on with browsers, without a context", async () => {
    await start();

    expect((await joinWire(CHROMIUM)).agreed).toBe("permessage-deflate; server_no_context_takeover");
    expect((await joinWire("")).agreed).toBeUndefined();
    expect((await joinWire("x-unknown")).agreed).toBeUndefined();
  });

  it("is not what a client gets that only mentions it", async () => {
    await start();
    const wire = await joinWire("x-unknown\r\nSec-WebSocket-Protocol: permessage-deflate");

    publish(LARGE);

    expect(await wire.frame()).toMatchObject({ rsv1: false, payload: packet(LARGE) });
  });

  it("fits the window that each client asks for, and is done once for several windows", async () => {
    await start();
    const wires: [number, WireClient][] = [];
    for (let bits = 8; bits <= 15; bits += 1) {
      wires.push([bits, await joinWire(`permessage-deflate; server_max_window_bits=${bits}`)]);
    }
    // Repeats that lie further back than a small window reaches.
    const text = JSON.stringify(Array.from({ length: 3_000 }, (_, i) => `${(i * i) % 997}-${i % 450}`));

    publish(text);

    for (const [bits, wire] of wires) {
      expect(wire.agreed).toContain(`server_max_window_bits=${bits}`);
      expect(await wire.frame(bits)).toMatchObject({ rsv1: bits > 8, payload: packet(text) });
    }
    expect(server.core.counters.compressions).toBe(3);
  });

  it("works with windows that either end of ws chooses", async () => {
    await start({
      perMessageDeflate: { serverMaxWindowBits: 11, zlibDeflateOptions: { level: 9, memLevel: 4 } },
    });
    const clients = [
      ...(await joinAll(1, { perMessageDeflate: { serverMaxWindowBits: 13, clientMaxWindowBits: 10 } })),
      ...(await joinAll(1, { perMessageDeflate: { serverNoContextTakeover: true } })),
    ];

    publish(LARGE);

    for (const client of clients) expect(await client.hear()).toBe(packet(LARGE));
    expect(server.core.counters.compressions).toBe(1);
  });

  it("may be left to what is said to ws itself", async () => {
    await start({ perMessageDeflate: undefined, wsEngineServerOptions: { perMessageDeflate: true } });
    const wire = await joinWire(CHROMIUM);

    publish(LARGE);

    expect(await wire.frame()).toMatchObject({ rsv1: true, payload: packet(LARGE) });
  });

  it("compresses harder where it is told to", async () => {
    const sizes: number[] = [];
    for (const level of [0, 1, 9]) {
      await start({ perMessageDeflate: { zlibDeflateOptions: { level } } });
      const wire = await joinWire(CHROMIUM);
      publish(LARGE);
      sizes.push((await wire.frame()).length);
      server.close();
    }

    expect(sizes[0]).toBeGreaterThan(LARGE.length); // level 0 makes nothing smaller: as it is
    expect(sizes[1]).toBeLessThan(LARGE.length);
    expect(sizes[2]).toBeLessThan(sizes[1] ?? 0);
  });

  it("is refused with options that zlib does not know", async () => {
    await start();

    for (const [perMessageDeflate, problem] of [
      [{ zlibDeflateOptions: { level: 99 } }, /perMessageDeflate: .*level/],
      [{ zlibDeflateOptions: { memLevel: 0 } }, /perMessageDeflate: .*memLevel/],
      [{ threshold: -1 }, /perMessageDeflate: threshold must be/],
      [{ threshold: "big" }, /perMessageDeflate: threshold must be/],
      ["yes", /perMessageDeflate: expected true, false/],
    ] as const) {
      expect(problemsOf({ perMessageDeflate })).toEqual([expect.stringMatching(problem)]);
      expect(problemsOf({ wsEngineServerOptions: { perMessageDeflate } })).toHaveLength(1);
    }
    expect(problemsOf({ perMessageDeflate: { threshold: 0, zlibDeflateOptions: { level: 1 } } })).toEqual([]);
  });
});

async function start(options: Partial<ServerOptions> = {}): Promise<void> {
  server = await startServer({ options: { perMessageDeflate: true, ...options } });
}

function publish(json: string): void {
  server.core.pubsub.publish(new Publication("news", Buffer.from(json)), () => {});
}

function packet(json: string): string {
  return `{"event":"#publish","data":{"channel":"news","data":${json}}}`;
}

const HANDSHAKE = '{"event":"#handshake","data":{"authToken":null},"cid":1}';
const SUBSCRIBE = '{"event":"#subscribe","data":{"channel":"news"},"cid":2}';

/** Subscribers that are made of `ws`. */
async function joinAll(count: number, options: object): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let i = 0; i < count; i += 1) {
    const client = new RawClient(new WebSocket(`ws://127.0.0.1:${server.port}/socketcluster/`, options));
    sockets.push(client.ws);
    await client.opened;
    client.say(HANDSHAKE);
    await client.hear();
    client.say(SUBSCRIBE);
    await client.hear();
    clients.push(client);
  }
  return clients;
}

/** A subscriber that offers just these extensions, and shows frames as they come. */
async function joinWire(offer: string): Promise<WireClient> {
  const socket = connect(server.port, "127.0.0.1");
  sockets.push(socket);
  await once(socket, "connect");
  const client = new WireClient(socket);
  const extensions = offer === "" ? "" : `Sec-WebSocket-Extensions: ${offer}\r\n`;
  socket.write(
    "GET /socketcluster/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n${extensions}\r\n`,
  );
  await client.answer();
  client.say(HANDSHAKE);
  await client.frame();
  client.say(SUBSCRIBE);
  await until("the subscription", () => server.core.pubsub.hub.has("news"));
  await client.frame();
  return client;
}

interface Frame {
  readonly rsv1: boolean;
  readonly opcode: number;
  /** Bytes on the wire. */
  readonly length: number;
  readonly payload: string;
}

class WireClient {
  /** The extensions that the server agreed to. */
  agreed: string | undefined;
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
  }

  async answer(): Promise<void> {
    await until("the answer to the upgrade", () => this.#bytes.includes("\r\n\r\n"));
    const end = this.#bytes.indexOf("\r\n\r\n") + 4;
    [, this.agreed] =
      /sec-websocket-extensions: (.*)\r\n/i.exec(this.#bytes.toString("latin1", 0, end)) ?? [];
    this.#bytes = this.#bytes.subarray(end);
  }

  /** Says it masked with zeros. */
  say(text: string): void {
    const frame = binaryFrame(Buffer.from(text));
    const header = frame.length - Buffer.byteLength(text);
    frame[0] = 0x81;
    frame[1] = (frame[1] ?? 0) | 0x80;
    this.#socket.write(Buffer.concat([frame.subarray(0, header), Buffer.alloc(4), frame.subarray(header)]));
  }

  /** The next frame, inflated with no more than this window. */
  async frame(windowBits = 15): Promise<Frame> {
    let end = Infinity;
    let start = 2;
    await until("a frame", () => {
      const bytes = this.#bytes;
      if (bytes.length < 10) return false;
      const short = (bytes[1] ?? 0) & 0x7f;
      start = short < 126 ? 2 : short === 126 ? 4 : 10;
      const long = short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
      end = start + (short < 126 ? short : long);
      return bytes.length >= end;
    });
    const first = this.#bytes[0] ?? 0;
    const payload = this.#bytes.subarray(start, end);
    this.#bytes = this.#bytes.subarray(end);
    const rsv1 = (first & 0x40) !== 0;
    const inflated = rsv1 ? inflateRawSync(Buffer.concat([payload, TAIL]), INFLATE(windowBits)) : payload;
    return { rsv1, opcode: first & 0x0f, length: end, payload: inflated.toString() };
  }
}

/** A message ends with a flush, not with the end of a stream. */
const INFLATE = (windowBits: number): object => ({ windowBits, finishFlush: 2 });

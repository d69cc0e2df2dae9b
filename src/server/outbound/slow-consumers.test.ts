import { afterEach, describe, expect, it } from "vitest";
import { Publication } from "../../pubsub/publication.ts";
import type { Connection } from "../connection.ts";
import type { ServerCore } from "../core.ts";
import { Counters } from "../counters.ts";
import type { CloseEvent } from "../middleware/events.ts";
import type { ServerOptions } from "../options.ts";
import { startServer, type TestServer, until } from "../test-server.ts";
import { RawSocket, text } from "../websocket/test-raw-socket.ts";
import { HeldBytes } from "./held-bytes.ts";
import { relieve } from "./slow-consumers.ts";

const MIB = 2 ** 20;

let server: TestServer;
const sockets: RawSocket[] = [];

afterEach(() => {
  for (const { socket } of sockets.splice(0)) socket.destroy();
  server.close();
});

describe("What waits for all clients together", () => {
  it("counts once what several wait for, and nothing once all are gone", async () => {
    const { core } = await start({});
    const clients = await joinAll(4, () => "news");
    for (const { socket } of clients) socket.pause();

    await fill(["news"], () => held() > 3 * MIB);

    const most = Math.max(...connections().map(({ bufferedBytes }) => bufferedBytes));
    expect(held()).toBeLessThan(most + MIB);
    for (const { socket } of clients.splice(2)) socket.destroy();
    for (const { socket } of clients) socket.resume();
    await until("nothing is held", () => held() === 0);
    expect(core.counters.slowConsumers).toBe(0);
  });

  it("comes to no more than it may: those for whom most waits go, and whoever reads loses nothing", async () => {
    const { core, closed } = await start({ maxTotalBufferedBytes: 4 * MIB });
    const [reader] = await joinAll(1, () => "read");
    const clients = await joinAll(8, (n) => `own-${n}`);
    for (const { socket } of clients) socket.pause();
    let most = 0;
    let published = 0;

    await fill(
      clients.map((_, n) => `own-${n}`),
      () => {
        most = Math.max(most, held());
        publish("read", `{"n":${published}}`);
        published += 1;
        return core.counters.slow.total >= 3;
      },
    );

    // One turn may bring this much before it is looked at again.
    expect(most).toBeLessThanOrEqual(4 * MIB + 8 * CHUNK);
    expect(closed.map(({ code }) => code)).toEqual(Array(core.counters.slow.total).fill(4100));
    expect(core.open.size).toBe(9 - closed.length);
    await until("all that was published for the reader", () =>
      String(reader?.heard).includes(`{"n":${published - 1}}`),
    );
    for (const client of clients) client.socket.destroy();
    await until("nothing is held", () => held() === 0);
  });

  it("does not count what a turn has only just brought, so that whoever reads is not taken for the worst", () => {
    const held = new HeldBytes(8_000, () => {});
    const cut: string[] = [];
    const piece = Buffer.alloc(10_000);
    held.hold(piece);
    const stub = (id: string, bufferedBytes: number) => ({
      id,
      state: "open",
      outbox: { bufferedBytes, discard: () => {}, forget: () => held.release(piece) },
      core: { counters: new Counters() },
      close: () => {},
      ws: { terminate: () => void cut.push(id) },
    });
    const [stuck, reader] = [stub("stuck", 10_000), stub("reader", 50_000)];
    const flush = (): void => {
      reader.outbox.bufferedBytes = 0; // the kernel takes it
    };

    relieve({ writer: { held, flush }, sockets: () => [reader, stuck] } as unknown as ServerCore);

    expect(cut).toEqual(["stuck"]);
  });

  it("is bounded also for clients that rather miss publications", async () => {
    const { core } = await start({ maxTotalBufferedBytes: 4 * MIB, slowConsumerPolicy: "dropOldest" });
    const clients = await joinAll(8, (n) => `own-${n}`);
    for (const { socket } of clients) socket.pause();

    await fill(
      clients.map((_, n) => `own-${n}`),
      () => core.counters.slow.total >= 1,
    );
    await until("enough is free", () => held() <= 4 * MIB);

    for (const client of clients) client.socket.destroy();
    await until("nothing is held", () => held() === 0);
  });

  it("has in it what waits for outbound middleware, also if that never decides", async () => {
    const { core } = await start({});
    core.middleware.outbound = () => new Promise(() => {});
    const clients = await joinAll(3, () => "news");

    for (let i = 0; i < 5; i += 1) publish("news", JSON.stringify("x".repeat(100_000)));
    core.pubsub.hub.flush();

    expect(held()).toBeGreaterThan(5 * 100_000);
    expect(held()).toBeLessThan(6 * 100_000);
    for (const { socket } of clients) socket.destroy();
    await until("nothing is held", () => held() === 0);
  });
});

describe("A client that takes nothing", () => {
  it("is closed after pingTimeout, however eagerly it answers pings, and one that takes a little is not", async () => {
    const { core, closed } = await start({ pingInterval: 100, pingTimeout: 600 });
    const [stuck, moving] = (await joinAll(2, () => "news")) as [RawSocket, RawSocket];
    for (const { socket } of [stuck, moving]) socket.pause();
    await fill(["news"], () => connections().every(({ bufferedBytes }) => bufferedBytes > MIB));

    const pongs = setInterval(() => {
      for (const client of [stuck, moving]) client.send(text(""));
      moving.socket.read(256 * 1024);
    }, 50);
    await until("one is closed", () => closed.length > 0);
    clearInterval(pongs);

    expect(closed).toMatchObject([{ code: 4100 }]);
    expect(core.counters.slow).toEqual({ own: 0, total: 0, stalled: 1 });
    expect([...core.open.values()][0]?.request.socket.remotePort).toBe(moving.socket.localPort);
  });
});

describe("A slow client", () => {
  it("gets everything in order once it reads, short and long, also what came while it was stuck", async () => {
    await start({});
    const [client] = (await joinAll(1, () => "news")) as [RawSocket];
    client.socket.pause();
    await fill(["news"], () => held() > MIB);
    client.heard = Buffer.alloc(0);
    for (let n = 0; n < 300; n += 1) {
      publish("news", n % 10 === 0 ? JSON.stringify(`${n} ${"y".repeat(20_000)}`) : `"${n} y"`);
      connections()[0]?.transmit("hi", n);
      server.core.pubsub.hub.flush();
      if (n % 3 === 0) server.core.writer.flush();
    }

    client.socket.resume();
    await until("the last one", () => client.heard.includes('"data":"299 y"}}'));

    const numbers = [...client.heard.toString("latin1").matchAll(/"data":"(\d+) y/g)].map(([, n]) =>
      Number(n),
    );
    expect(numbers).toEqual([...Array(300).keys()]);
    await until("nothing is held", () => held() === 0);
  });
});

const CHUNK = 128 * 1024;

async function start(options: Partial<ServerOptions>) {
  const closed: CloseEvent[] = [];
  server = await startServer({
    options: { maxBufferedBytes: 64 * MIB, ...options },
    events: { closed: (_, event) => void closed.push(event) },
  });
  return { core: server.core, closed };
}

async function joinAll(count: number, channelOf: (n: number) => string): Promise<RawSocket[]> {
  const clients: RawSocket[] = [];
  for (let n = 0; n < count; n += 1) {
    const client = await new RawSocket(server.port).join();
    client.send(text(`{"event":"#subscribe","data":{"channel":"${channelOf(n)}"},"cid":2}`));
    await until("the subscription", () => client.heard.includes('"rid":2'));
    clients.push(client);
  }
  sockets.push(...clients);
  return clients;
}

/** Publishes to each channel, turn by turn, until that is enough. */
async function fill(channels: readonly string[], isEnough: () => boolean): Promise<void> {
  const data = JSON.stringify("x".repeat(CHUNK - 100));
  await until("enough waits", () => {
    if (isEnough()) return true;
    for (const channel of channels) publish(channel, data);
    return false;
  });
}

function publish(channel: string, json: string): void {
  server.core.pubsub.publish(new Publication(channel, Buffer.from(json)), () => {});
}

const held = (): number => server.core.writer.held.bytes;
const connections = (): Connection[] => [...server.core.open.values()];

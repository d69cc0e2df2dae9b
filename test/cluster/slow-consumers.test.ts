import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { Cluster, freePort, type Service, until } from "../support/processes.ts";

const MIB = 2 ** 20;
const MESSAGE = 64 * 1024;
const TOTAL = 200 * 1000 * 1000;
const CHANNEL = "firehose";
const DEADLINE_MS = 120_000;

/** What the worker's application says of connections that ended. */
const MODULE = `export default async ({ server }) => {
  (async () => {
    for await (const { code } of server.listener("disconnection")) console.log("disconnection " + code);
  })();
};`;

const sockets = new Set<WebSocket>();
afterEach(() => {
  for (const socket of sockets) socket.terminate();
  sockets.clear();
});

/** A subscriber that takes what comes apart no further than it must. */
class Subscriber {
  readonly ws: WebSocket;
  /** Publications that came, and those that were left out before or between them. */
  count = 0;
  missed = 0;
  inOrder = true;
  closed = false;
  /** The number of the next publication, if none is left out. */
  #next: number | undefined;
  #heard: ((text: string) => void) | undefined;
  #awaited = { next: Infinity, resolve: () => {} };

  private constructor(ws: WebSocket) {
    this.ws = ws;
    sockets.add(ws);
    ws.on("message", (data: Buffer) => this.#message(data));
    ws.on("close", () => {
      this.closed = true;
    });
  }

  static async join(port: number): Promise<Subscriber> {
    const ws = new WebSocket(`ws://127.0.0.1:${port}/socketcluster/`);
    await once(ws, "open");
    const subscriber = new Subscriber(ws);
    await subscriber.call({ event: "#handshake", data: {}, cid: 1 });
    await subscriber.call({ event: "#subscribe", data: { channel: CHANNEL }, cid: 2 });
    return subscriber;
  }

  /** Says something, and waits for the answer. */
  call(packet: object): Promise<string> {
    return new Promise((resolve) => {
      this.#heard = resolve;
      this.ws.send(JSON.stringify(packet));
    });
  }

  /** Resolves when all that was published before this number has come, or been left out. */
  received(next: number): Promise<void> {
    if ((this.#next ?? 0) >= next) return Promise.resolve();
    return new Promise((resolve) => {
      this.#awaited = { next, resolve };
    });
  }

  #message(data: Buffer): void {
    if (data.length === 0) return this.ws.send(""); // a ping
    if (data.length < MESSAGE) return this.#heard?.(data.toString());
    const start = data.indexOf('"data":"') + 8;
    const number = Number(data.toString("latin1", start, start + 8));
    this.#next ??= number;
    if (number < this.#next) this.inOrder = false;
    this.missed += number - this.#next;
    this.#next = number + 1;
    this.count += 1;
    if (this.#next >= this.#awaited.next) this.#awaited.resolve();
  }
}

/** Resident memory of a process, in bytes. */
function residentBytes({ process }: Service): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${process.pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1024;
}

/** A worker of a whole cluster, with its metrics. */
async function startWorker(options: object = {}) {
  const module = join(mkdtempSync(join(tmpdir(), "scc-slow-")), "app.mjs");
  writeFileSync(module, MODULE);
  const cluster = await Cluster.create();
  const metricsPort = await freePort();
  const env = { SCC_METRICS_PORT: metricsPort, SOCKETCLUSTER_OPTIONS: JSON.stringify(options) };
  const worker = await cluster.worker(env, [module]);
  await Promise.all([cluster.state(), await cluster.broker(), worker].map((service) => service.ready()));
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    return Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, "m").exec(text)?.[1]);
  };
  return { worker, metric };
}

/** Publishes one after the other: the next when this one was acknowledged, and all who read have it. */
class Publisher {
  readonly #subscriber: Subscriber;
  readonly #worker: Service;
  readonly #readers: readonly Subscriber[];
  /** Publications so far. */
  count = 0;

  constructor(subscriber: Subscriber, worker: Service, readers: readonly Subscriber[]) {
    this.#subscriber = subscriber;
    this.#worker = worker;
    this.#readers = readers;
  }

  /** @returns the most resident memory that the worker had meanwhile, in bytes */
  async publish(bytes: number): Promise<number> {
    let most = 0;
    const filler = "x".repeat(MESSAGE);
    for (const end = this.count + Math.ceil(bytes / MESSAGE); this.count < end; ) {
      const data = `${String(this.count).padStart(8, "0")}${filler}`;
      this.count += 1;
      await Promise.all([
        this.#subscriber.call({ event: "#publish", data: { channel: CHANNEL, data }, cid: this.count + 10 }),
        ...this.#readers.map((reader) => reader.received(this.count)),
      ]);
      most = Math.max(most, residentBytes(this.#worker));
    }
    return most;
  }
}

async function startFour(port: number): Promise<Subscriber[]> {
  return Promise.all(Array.from({ length: 4 }, () => Subscriber.join(port)));
}

describe("Clients that do not read", () => {
  it("are closed, cost the worker little, and delay nobody", { timeout: DEADLINE_MS }, async () => {
    const { worker, metric } = await startWorker();
    const healthy = await startFour(worker.port);
    const publisher = new Publisher(healthy[0]!, worker, healthy);
    const usual = await publisher.publish(20 * MIB);
    const slow = await startFour(worker.port);
    for (const { ws } of slow) ws.pause();

    const most = await publisher.publish(TOTAL);

    expect(most - usual).toBeLessThan(64 * MIB);
    await until("the slow ones are closed", () => worker.output.split("disconnection 4100\n").length === 5);
    expect(await metric("scc_worker_slow_consumers_total")).toBe(4);
    expect(await metric("scc_worker_dropped_publications_total")).toBe(0);
    expect(await metric("scc_worker_connections")).toBe(4);
    for (const { count, missed, inOrder, closed } of healthy) {
      expect({ count, missed, inOrder, closed }).toEqual({
        count: publisher.count,
        missed: 0,
        inOrder: true,
        closed: false,
      });
    }
  });

  it("miss the oldest publications, if so wished, and nothing else", { timeout: DEADLINE_MS }, async () => {
    const { worker, metric } = await startWorker({
      slowConsumerPolicy: "dropOldest",
      pingTimeout: DEADLINE_MS,
    });
    const healthy = await startFour(worker.port);
    const publisher = new Publisher(healthy[0]!, worker, healthy);
    const usual = await publisher.publish(20 * MIB);
    const before = publisher.count;
    const slow = await startFour(worker.port);
    for (const { ws } of slow) ws.pause();

    const half = await publisher.publish(TOTAL / 4);
    const answers = slow.map((each) =>
      each.call({ event: "#subscribe", data: { channel: "other" }, cid: 3 }),
    );
    const most = Math.max(half, await publisher.publish(TOTAL / 4));

    expect(most - usual).toBeLessThan(64 * MIB);
    for (const { ws } of slow) ws.resume();
    expect(await Promise.all(answers)).toEqual(Array(4).fill('{"rid":3}'));
    await Promise.all(slow.map((each) => each.received(publisher.count)));
    let missed = 0;
    for (const each of slow) {
      expect(each).toMatchObject({ inOrder: true, closed: false });
      expect(each.count + each.missed).toBe(publisher.count - before);
      expect(each.missed).toBeGreaterThan(0);
      missed += each.missed;
    }
    expect(await metric("scc_worker_dropped_publications_total")).toBe(missed);
    expect(await metric("scc_worker_slow_consumers_total")).toBe(0);
    for (const each of healthy)
      expect(each).toMatchObject({ count: publisher.count, missed: 0, inOrder: true });
  });
});

import { describe, expect, it } from "vitest";
import { Rendezvous } from "../../src/cluster/ring/placement.ts";
import { type Client, connect, subscribe } from "../support/client.ts";
import { metricsOf } from "../support/metrics.ts";
import { Cluster, freePort, until } from "../support/processes.ts";

const KIB = 1024;
/** What one publisher wants to say: 16 times as much as may be unconfirmed towards one broker. */
const COUNT = 256;
const TEXT = "x".repeat(64 * KIB);

/** Three brokers, and two workers that let 1 MiB be unconfirmed towards each. */
async function running() {
  const cluster = await Cluster.create();
  const metricsPort = await freePort();
  const state = cluster.state();
  const brokers = [await cluster.broker(), await cluster.broker(), await cluster.broker()];
  const bound = { SCC_UNCONFIRMED_BYTES: 3 * 1024 * KIB };
  const worker = await cluster.worker({ ...bound, SCC_METRICS_PORT: metricsPort });
  const other = await cluster.worker(bound);
  await Promise.all([state, ...brokers, worker, other].map((service) => service.ready()));
  const metric = async (name: string) => (await metricsOf(metricsPort)).get(name) ?? 0;
  return { brokers, worker, other, metric };
}

/** Publishes on many channels at once, and tells which were acknowledged once some were: whose two brokers work. */
async function channelsByFate(client: Client) {
  const done = new Set<string>();
  const all = [...Array(24)].map((_, n) => `channel-${n}`);
  const published = all.map((channel) =>
    client.invokePublish(channel, "hello").then(() => done.add(channel)),
  );
  await until("some are acknowledged", () => done.size > 2);
  // Of what is read and sent together, what a working broker takes is confirmed together.
  await client.invokePublish([...done][0]!, "hello");
  return { working: [...done], waiting: all.filter((channel) => !done.has(channel)), published };
}

describe("A broker that stands still", () => {
  it("holds back those who publish to it, and nobody else, until another has its channels", {
    timeout: 60_000,
  }, async () => {
    const { brokers, worker, other, metric } = await running();
    const [scout, flooding, calm, watching] = await Promise.all(
      [worker, worker, worker, other].map(({ port }) => connect(port, { ackTimeout: 30_000 })),
    );
    const all = await Promise.all([...Array(24)].map((_, n) => subscribe(watching!, `channel-${n}`)));
    brokers[0]?.process.kill("SIGSTOP");
    const { working, waiting, published } = await channelsByFate(scout!);
    expect(waiting.length).toBeGreaterThan(0);
    // Where only the follower stands still the owner's other channels share its window.
    const members = brokers.map(({ port }) => ({ uri: `ws://127.0.0.1:${port}`, instanceId: `${port}` }));
    const placement = new Rendezvous(members);
    const there = waiting.find((channel) => placement.owner(channel) === members[0])!;
    const here = working[0]!;

    const flood = [...Array(COUNT)].map((_, n) => flooding!.invokePublish(there, `${n} ${TEXT}`));
    await until("it is held back", async () => (await metric("scc_worker_held_back")) === 1);
    await calm!.invokePublish(here, "still fine");
    expect(await metric("scc_worker_unconfirmed_bytes")).toBeLessThan(2 * 1024 * KIB);
    expect(await metric("scc_worker_held_back")).toBe(1);

    await Promise.all([...flood, ...published]);
    await until("nobody is held back", async () => (await metric("scc_worker_held_back")) === 0);
    const inbox = all[Number(there.slice("channel-".length))]!;
    await until("all have arrived", () => inbox.length >= COUNT + 1);
    const numbers = inbox.slice(1).map((text) => Number(String(text).split(" ")[0]));
    expect(numbers).toEqual([...Array(COUNT).keys()]);
    expect(flooding!.state).toBe("open");
    for (const reason of ["room", "time", "broker"]) {
      expect(await metric(`scc_worker_rejected_total{reason="${reason}"}`)).toBe(0);
    }
  });

  it("lets workers have no more unconfirmed with it than it allows them, whatever their own settings are", {
    timeout: 60_000,
  }, async () => {
    const cluster = await Cluster.create();
    const metricsPort = await freePort();
    const bound = { SCC_BROKER_UNCONFIRMED_BYTES: 1024 * KIB };
    const brokers = [await cluster.broker(bound), await cluster.broker(bound)];
    const worker = await cluster.worker({ SCC_METRICS_PORT: metricsPort });
    await Promise.all([cluster.state(), ...brokers, worker].map((service) => service.ready()));
    const metric = async (name: string) => (await metricsOf(metricsPort)).get(name) ?? 0;
    const [client, watching] = await Promise.all(
      [worker, worker].map(({ port }) => connect(port, { ackTimeout: 30_000 })),
    );
    const inbox = await subscribe(watching!, "news");
    const members = brokers.map(({ port }) => ({ uri: `ws://127.0.0.1:${port}`, instanceId: `${port}` }));
    const follower = members.indexOf(new Rendezvous(members).follower("news")!);
    brokers[follower]?.process.kill("SIGSTOP");

    const flood = [...Array(COUNT)].map((_, n) => client!.invokePublish("news", `${n} ${TEXT}`));
    await until("it is held back", async () => (await metric("scc_worker_held_back")) === 1);
    expect(await metric("scc_worker_unconfirmed_bytes")).toBeGreaterThan(512 * KIB);
    expect(await metric("scc_worker_unconfirmed_bytes")).toBeLessThan(2 * 1024 * KIB + TEXT.length);

    await Promise.all(flood);
    await until("all have arrived", () => inbox.length >= COUNT);
    expect(inbox.map((text) => Number(String(text).split(" ")[0]))).toEqual([...Array(COUNT).keys()]);
  });

  it("makes server code that publishes too much hear of it, by name", { timeout: 60_000 }, async () => {
    const cluster = await Cluster.create();
    const worker = await cluster.worker({ SCC_UNCONFIRMED_BYTES: 100 * KIB, SCC_PUBLISH_LIMIT: 1000 }, [
      new URL("../support/publishes-much.cjs", import.meta.url).pathname,
    ]);
    await until("it listens", async () => (await worker.probe("/livez")).status === 200);
    const client = await connect(worker.port);

    expect(await client.invoke("publish", { count: 10, size: 50 * KIB })).toEqual([
      ...Array(3).fill("SCC_PUBLISH_TIMEOUT true false"),
      ...Array(7).fill("SCC_PUBLISH_REFUSED true false"),
    ]);
  });
});

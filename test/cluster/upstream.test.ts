import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { connect, subscribe } from "../support/client.ts";
import { Cluster, freePort, Service, until } from "../support/processes.ts";

const WORKER = fileURLToPath(new URL("../support/upstream-worker.cjs", import.meta.url));
const CHANNELS = Array.from({ length: 100 }, (_, n) => `channel-${n}`);

/** Starts an unmodified upstream worker; it takes part once it has printed the brokers. */
async function upstreamWorker(
  cluster: Cluster,
  env: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const port = await freePort();
  const all = { PORT: String(port), STATE_PORT: String(cluster.statePort), ...env };
  return new Service("upstream", [WORKER], all, port, []);
}

async function calm(services: readonly Service[]): Promise<void> {
  await Promise.all(services.map((service) => service.ready()));
}

/** Publishes on every channel by one worker and waits until all of it has reached a client of the other. */
async function crosses(from: number, to: number, text: string): Promise<void> {
  const [publisher, subscriber] = await Promise.all([connect(from), connect(to)]);
  const inboxes = await Promise.all(CHANNELS.map((channel) => subscribe(subscriber, channel)));
  // Upstream acknowledges a subscription before its broker knows of it: only then is it steady.
  const probe = await subscribe(subscriber, "probe");
  await until("the way is open", async () => {
    await publisher.invokePublish("probe", 0);
    return probe.length > 0;
  });
  await until("upstream's subscriptions are in place", async () => {
    await Promise.all(CHANNELS.map((channel) => publisher.invokePublish(channel, "are you there?")));
    return inboxes.every(({ length }) => length > 0);
  });
  await Promise.all(CHANNELS.map((channel) => publisher.invokePublish(channel, text)));
  await until("all have arrived", () => inboxes.every((inbox) => inbox.includes(text)));
  for (const inbox of inboxes) expect(inbox.filter((each) => each === text)).toEqual([text]);
}

describe("An unmodified upstream worker beside ours", () => {
  it("shares all channels with our workers, both ways, each message once", async () => {
    const cluster = await Cluster.create();
    const state = cluster.state();
    const brokers = [await cluster.broker(), await cluster.broker()];
    const native = await cluster.worker();
    await calm([state, ...brokers, native]);
    const upstream = await upstreamWorker(cluster);
    await upstream.printed("brokers: ws://");

    await crosses(native.port, upstream.port, "from ours to upstream's");
    await crosses(upstream.port, native.port, "from upstream's to ours");
    expect(state.log.findLast(({ msg }) => msg === "new ring")?.placement).toBe("skeletonRendezvous");
    expect(upstream.output).toContain(`source: ws://127.0.0.1:${upstream.port}`);
    expect(upstream.output).not.toContain("error:");
  });

  it("hears its own messages once, and those of another upstream worker", async () => {
    const cluster = await Cluster.create();
    const all = [cluster.state(), await cluster.broker(), await cluster.broker()];
    await calm(all);
    const [first, second] = [await upstreamWorker(cluster), await upstreamWorker(cluster)];
    await Promise.all([first, second].map((worker) => worker.printed("brokers: ws://")));

    await crosses(first.port, second.port, "between upstream's");
    await crosses(first.port, first.port, "with itself");
  });

  it("is replaced by one of ours at the same address while its client connects again, and then the promises hold", async () => {
    const cluster = await Cluster.create();
    const state = cluster.state();
    const [broker, native] = [await cluster.broker(), await cluster.worker()];
    await calm([state, broker, native]);
    const upstream = await upstreamWorker(cluster);
    await upstream.printed("brokers: ws://");
    const autoReconnectOptions = { initialDelay: 50, randomness: 50, multiplier: 1, maxDelay: 100 };
    const client = await connect(upstream.port, { autoReconnectOptions });
    const inbox = await subscribe(client, "news");

    const again = client.listener("subscribe").once(15_000);
    await upstream.stop("SIGKILL");
    const successor = await (await cluster.worker({ SOCKETCLUSTER_PORT: upstream.port })).ready();
    await again;
    await until("the placement is ours again", () => {
      return state.log.findLast(({ msg }) => msg === "new ring")?.placement === "rendezvous";
    });
    await Promise.all([native, successor].map((service) => service.ready()));
    const publisher = await connect(native.port);
    await Promise.all(CHANNELS.map((_, n) => publisher.invokePublish("news", n)));

    await until("all have arrived", () => inbox.length >= CHANNELS.length);
    expect(inbox).toEqual(CHANNELS.map((_, n) => n));
    const late = await Promise.all(CHANNELS.map((channel) => subscribe(client, channel)));
    await Promise.all(CHANNELS.map((channel) => publisher.invokePublish(channel, "at once")));
    await until("all have arrived", () => late.every(({ length }) => length > 0));
  });

  it("works with the simple mapping too, and with a key", async () => {
    const cluster = await Cluster.create({ SCC_AUTH_KEY: "key", SCC_MAPPING_ENGINE: "simple" });
    const all = [cluster.state(), await cluster.broker(), await cluster.broker(), await cluster.worker()];
    await calm(all);
    const upstream = await upstreamWorker(cluster, { AUTH_KEY: "key", MAPPING_ENGINE: "simple" });
    await upstream.printed("brokers: ws://");

    await crosses(all[3]!.port, upstream.port, "there");
    await crosses(upstream.port, all[3]!.port, "and back");
  });

  it("is told of brokers that come and go, and leaves the ring to our placement when it is gone", async () => {
    const cluster = await Cluster.create();
    const state = cluster.state();
    const [broker, native] = [await cluster.broker(), await cluster.worker()];
    await calm([state, broker, native]);
    const upstream = await upstreamWorker(cluster);
    await upstream.printed(`brokers: ws://127.0.0.1:${broker.port}\n`);
    const second = await cluster.broker();
    const both = [broker, second].map(({ port }) => `ws://127.0.0.1:${port}`).toSorted();
    await upstream.printed(`brokers: ${both.join()}\n`);
    await crosses(upstream.port, native.port, "with two");

    await upstream.stop();
    await until("the placement is ours again", () =>
      state.log.some(({ msg, placement, brokers }, index, log) => {
        const isLast = index === log.findLastIndex((line) => line.msg === "new ring");
        return (
          msg === "new ring" && isLast && placement === "rendezvous" && (brokers as string[]).length === 2
        );
      }),
    );
    const other = await cluster.worker();
    await other.ready();
    await crosses(native.port, other.port, "as ever");
  });
});

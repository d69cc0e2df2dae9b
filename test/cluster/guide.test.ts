import { describe, expect, it } from "vitest";
import { connect, subscribe } from "../support/client.ts";
import { Cluster, freePort, type Service, until } from "../support/processes.ts";

/**
 * What the guide for running SCC with Node.js directly claims, with real processes and the official client.
 */

/** Whether what is published on one worker reaches a subscriber on another, now. */
async function crosses(from: Service, to: Service, channel = `proof-${performance.now()}`): Promise<void> {
  const [publisher, subscriber] = await Promise.all([connect(from.port), connect(to.port)]);
  const received = await subscribe(subscriber, channel);
  await publisher.invokePublish(channel, "hello");
  await until("the message crosses", () => received.length > 0);
  expect(received).toEqual(["hello"]);
}

describe("A cluster of Node.js processes", () => {
  it("shares channels between two workers, each started with one command", async () => {
    const cluster = await Cluster.create();
    cluster.state();
    await cluster.broker();
    const [first, second] = [await cluster.worker(), await cluster.worker()];
    await Promise.all([first.ready(), second.ready()]);

    await crosses(first, second);
    await crosses(second, first);
  });

  it("starts in any order: workers first, scc-state last", async () => {
    const cluster = await Cluster.create();
    const [first, second] = [await cluster.worker(), await cluster.worker()];
    await until("the worker answers", async () => (await first.probe()).status === 503);
    expect((await first.probe()).text).toContain("no broker has joined the cluster yet");
    const broker = await cluster.broker();
    await broker.printed("cannot reach scc-state");
    await cluster.state().ready();
    await Promise.all([first.ready(), second.ready(), broker.ready()]);

    await crosses(first, second);
  });

  it("carries on without scc-state: messages, new clients, new channels; and grows when it is back", async () => {
    const cluster = await Cluster.create();
    const state = cluster.state();
    const broker = await cluster.broker();
    const [first, second] = [await cluster.worker(), await cluster.worker()];
    await Promise.all([first.ready(), second.ready(), broker.ready()]);

    await state.stop("SIGKILL");
    await broker.printed("lost scc-state");
    await crosses(first, second);
    const newcomer = await cluster.broker();
    await newcomer.printed("cannot reach scc-state");
    for (const service of [first, second, broker]) expect((await service.probe()).status).toBe(200);

    // Long enough for the members to be back before a broker joins.
    cluster.state({ SCC_STATE_SERVER_STARTUP_DELAY: 4000 });
    await newcomer.ready();
    await until(
      "the workers use both",
      async () => second.log.filter(({ msg }) => msg === "linked to broker").length === 2,
    );
    await crosses(second, first);
    // The restarted scc-state continued from the ring that the members held.
    expect(newcomer.log.findLast(({ msg }) => msg === "ring adopted")?.ring).toMatch(/^2-/);
  });

  it("shards channels evenly over the brokers", async () => {
    const cluster = await Cluster.create();
    const metricsPorts = [await freePort(), await freePort(), await freePort()];
    cluster.state({ SCC_METRICS_PORT: 0 });
    const brokers = await Promise.all(metricsPorts.map((port) => cluster.broker({ SCC_METRICS_PORT: port })));
    const worker = await cluster.worker({ SCC_METRICS_PORT: 0, SOCKETCLUSTER_SOCKET_CHANNEL_LIMIT: 10_000 });
    await Promise.all([worker, ...brokers].map((service) => service.ready()));
    await until(
      "the worker is linked to all",
      () => worker.log.filter(({ msg }) => msg === "linked to broker").length === 3,
    );

    const client = await connect(worker.port);
    await Promise.all(Array.from({ length: 3000 }, (_, n) => client.invokePublish(`channel-${n}`, n)));

    const owned = await Promise.all(metricsPorts.map((port) => metric(port, "scc_broker_channels")));
    expect(owned.reduce((sum, count) => sum + count, 0)).toBe(3000);
    for (const count of owned) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it("runs a worker alone, with the same behaviour, where no scc-state is named", async () => {
    const cluster = await Cluster.create();
    const worker = await (await cluster.worker({ SCC_STATE_SERVER_HOST: "" })).ready();

    await crosses(worker, worker);
  });

  it("speaks IPv6 wherever it speaks IPv4", async () => {
    const cluster = await Cluster.create();
    cluster.state({ SCC_HOST: "::1" });
    const broker = await cluster.broker({ SCC_HOST: "::1", SCC_STATE_SERVER_HOST: "::1" });
    const worker = await cluster.worker({ SCC_STATE_SERVER_HOST: "::1" });
    await worker.ready();

    await crosses(worker, worker);
    expect(broker.log.find(({ msg }) => msg === "registered with scc-state")?.uri).toBe(
      `ws://[::1]:${broker.port}`,
    );
  });
});

async function metric(port: number, name: string): Promise<number> {
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, "m").exec(page)?.[1]);
}

import { afterEach, describe, expect, it } from "vitest";
import { FaultProxy } from "../../src/tools/chaos/faults/proxy.ts";
import { connect, subscribe } from "../support/client.ts";
import { Cluster, freePort, type Service, until } from "../support/processes.ts";

const HOST = "127.0.0.1";
const proxies: FaultProxy[] = [];
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});

/** A broker behind a proxy. */
async function brokerBehind(cluster: Cluster): Promise<{ proxy: FaultProxy; broker: Service }> {
  const port = await freePort();
  const proxy = await FaultProxy.listen({ target: { host: HOST, port }, host: HOST, port: await freePort() });
  proxies.push(proxy);
  const broker = await cluster.broker({
    SCC_BROKER_SERVER_PORT: port,
    SCC_INSTANCE_PORT: proxy.address.port,
  });
  return { proxy, broker };
}

describe("A message that takes longer than silence lasts", () => {
  it("arrives whole, once, over links that stay, and nobody leaves the ring", {
    timeout: 90_000,
  }, async () => {
    const cluster = await Cluster.create();
    const state = cluster.state();
    const brokers = [await brokerBehind(cluster), await brokerBehind(cluster)];
    const options = { SOCKETCLUSTER_OPTIONS: JSON.stringify({ maxPayload: 4 * 2 ** 20 }) };
    const workers = [await cluster.worker(options), await cluster.worker(options)];
    const services = [state, ...brokers.map(({ broker }) => broker), ...workers];
    await Promise.all(services.map((service) => service.ready()));
    const publisher = await connect((workers[0] as Service).port, { ackTimeout: 60_000 });
    const subscriber = await connect((workers[1] as Service).port);
    const received = await subscribe(subscriber, "news");
    await publisher.invokePublish("news", "small");
    const rings = state.log.filter(({ msg }) => msg === "new ring").length;
    const [broken, accused] = [count(services, "lost link to"), count(services, "cannot use broker")];

    // Every way takes some 5 s for it: to the owner, to the follower, to the subscriber's worker.
    for (const { proxy } of brokers) {
      proxy.setRules([{ fault: { kind: "throttle", bytesPerSecond: 700_000 } }]);
    }
    const large = "x".repeat(3_500_000);
    await publisher.invokePublish("news", large);
    await until("it arrives", () => received.length === 2, 30_000);

    expect(received[1]).toBe(large);
    expect(count(services, "lost link to")).toBe(broken);
    expect(count(services, "cannot use broker")).toBe(accused);
    expect(state.log.filter(({ msg }) => msg === "new ring").length).toBe(rings);
  });
});

function count(services: readonly Service[], text: string): number {
  return services.reduce((sum, { output }) => sum + output.split(text).length - 1, 0);
}

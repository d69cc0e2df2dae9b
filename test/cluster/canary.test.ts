import { afterEach, describe, expect, it } from "vitest";
import { diallerOf } from "../../src/tools/chaos/faults/dialler.ts";
import type { Rule } from "../../src/tools/chaos/faults/fault.ts";
import { FaultProxy } from "../../src/tools/chaos/faults/proxy.ts";
import { Balancer } from "../support/balancer.ts";
import { type Client, connect, subscribe } from "../support/client.ts";
import { metricsOf } from "../support/metrics.ts";
import { Cluster, freePort, type Service, until } from "../support/processes.ts";

const HOST = "127.0.0.1";
const proxies: FaultProxy[] = [];
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});

interface Stage {
  readonly state: Service;
  readonly brokers: readonly Service[];
  readonly workers: readonly Service[];
  /** Of the first worker. */
  readonly metricsPort: number;
  /** What happens to the way to the first broker from here on. @param worker only for this one */
  afflict(fault: "swallow" | undefined, worker?: Service): void;
}

/** Two brokers, the first of them behind a network that can take bytes and not hand them on, and two workers. */
async function running(): Promise<Stage> {
  const cluster = await Cluster.create();
  const state = cluster.state();
  const names = new Map<number, string>();
  const port = await freePort();
  const proxy = await FaultProxy.listen({
    target: { host: HOST, port },
    host: HOST,
    port: await freePort(),
    identify: async (socket) => diallerOf(socket, names),
  });
  proxies.push(proxy);
  const first = { SCC_BROKER_SERVER_PORT: port, SCC_INSTANCE_PORT: proxy.address.port };
  const brokers = [await cluster.broker(first), await cluster.broker()];
  const metricsPort = await freePort();
  const workers = [await cluster.worker({ SCC_METRICS_PORT: metricsPort }), await cluster.worker()];
  for (const { process, port: name } of workers) names.set(process.pid as number, String(name));
  await Promise.all([...brokers, ...workers].map((service) => service.ready()));
  const afflict = (fault: "swallow" | undefined, worker?: Service): void => {
    const rule: Rule | undefined = fault && {
      fault: { kind: fault },
      dialler: worker && String(worker.port),
    };
    proxy.setRules(rule === undefined ? [] : [rule]);
  };
  return { state, brokers, workers, metricsPort, afflict };
}

const isRed = async (service: Service): Promise<boolean> => (await service.probe()).status === 503;
const isGreen = async (service: Service): Promise<boolean> => (await service.probe()).status === 200;

describe("A worker whose way to a broker swallows what is sent", () => {
  it("turns not ready and sends its clients elsewhere; the others stay ready, and it recovers", async () => {
    const { state, brokers, workers, metricsPort, afflict } = await running();
    const [lonely, other] = workers as [Service, Service];
    const balancer = await Balancer.start([lonely, other]);
    const clients: Client[] = [];
    for (let n = 0; n < 20; n++) clients.push(await connect(balancer.port));
    const received = await Promise.all(clients.map((client) => subscribe(client, "news")));
    afflict("swallow", lonely);
    await until("it is not ready", () => isRed(lonely));
    await until("its clients are elsewhere", async () => {
      const { output } = lonely;
      return output.includes("sending clients elsewhere") && clients.every(({ state }) => state === "open");
    });
    await until("all of them are subscribed again, and hear what is published there", async () => {
      const publisher = await connect(other.port);
      await publisher.invokePublish("news", "from elsewhere");
      return received.every((messages) => messages.includes("from elsewhere"));
    });

    expect(await isGreen(other)).toBe(true);
    expect(brokers.every(({ running: runs }) => runs)).toBe(true);
    expect(other.output).not.toContain("sending clients elsewhere");
    expect((await metricsOf(metricsPort)).get("scc_worker_evacuated_total")).toBeGreaterThan(0);
    afflict(undefined);
    await until("it is ready again", () => isGreen(lonely));
    const ring = state.log.findLast(({ msg }) => msg === "new ring");
    expect(ring?.brokers).toHaveLength(2);
  });

  it("sees, with all others, the broker leave the ring, and is ready without it", async () => {
    const { state, brokers, workers, afflict } = await running();
    const client = await connect((workers[0] as Service).port);
    const received = await subscribe(client, "news");
    afflict("swallow");
    const uri = `ws://${HOST}:${(brokers[1] as Service).port}`;
    await until("a ring without it", () => {
      const ring = state.log.findLast(({ msg }) => msg === "new ring");
      return JSON.stringify(ring?.brokers) === JSON.stringify([uri]);
    });
    await Promise.all(workers.map((worker) => until("they are ready", () => isGreen(worker))));
    await client.invokePublish("news", "goes on");
    await until("it arrives", () => received.includes("goes on"));

    expect(workers.map(({ output }) => output).join()).not.toContain("sending clients elsewhere");
  });
});

describe("Canaries", () => {
  it("are measured, and seen nowhere else: neither as channels, nor as messages", async () => {
    const { brokers, metricsPort } = await running();
    await until("some have come back", async () => {
      const metrics = await metricsOf(metricsPort);
      return Number(metrics.get("scc_worker_canary_seconds_count")) >= 2 * brokers.length;
    });
    const metrics = await metricsOf(metricsPort);

    expect(metrics.get("scc_worker_canaries_late")).toBe(0);
    expect(metrics.get("scc_worker_channels")).toBe(0);
    expect(metrics.get("scc_worker_publishes_total")).toBe(0);
    expect(metrics.get("scc_worker_deliveries_total")).toBe(0);
  });
});

import { afterEach, describe, expect, it, vi } from "vitest";
import { VirtualCluster } from "../../test/support/virtual-cluster.ts";
import { Holder } from "../cluster/replica/holder.ts";
import type { Keeper } from "../cluster/ring/ring.ts";
import { Metrics } from "../runtime/metrics.ts";
import { registerBrokerMetrics } from "./metrics.ts";

const FOLLOWER: Keeper = { uri: "ws://w0", instanceId: "w0", role: "worker" };
/** Bytes that wait at one broker beside its messages: canaries, and logs that are told. */
const BESIDE = 1000;

/** Brokers that are one ring, with a worker that follows where there is one broker only; and what the first shows. */
function clusterOf(count: number) {
  const cluster = new VirtualCluster(() => 1);
  for (let n = 0; n < count; n++) cluster.addBroker();
  const worker = cluster.addWorker("w0");
  const metrics = new Metrics({ service: "scc-broker" });
  const [first] = cluster.brokers;
  let isRegistered = true;
  registerBrokerMetrics(metrics, first!, cluster.clock, () => isRegistered);
  cluster.ringOf([...cluster.brokers.keys()], worker, count === 1 ? [FOLLOWER] : []);
  for (const { ring } of cluster.brokers) ring.offer(worker.ring.ring);
  cluster.clock.advance(2000);
  return {
    cluster,
    worker,
    leaveState: () => {
      isRegistered = false;
    },
    shown: async (name: string): Promise<number | undefined> => (await valuesOf(metrics, name))[0]?.value,
    links: async (): Promise<Record<string, number>> =>
      Object.fromEntries(
        (await valuesOf(metrics, "scc_links")).map(({ labels: { role, state }, value }) => [
          `${role} ${state}`,
          value,
        ]),
      ),
  };
}

async function valuesOf(metrics: Metrics, name: string) {
  return (await metrics.families()).find((family) => family.name === name)?.values ?? [];
}

afterEach(() => vi.restoreAllMocks());

describe("The metrics of a broker", () => {
  it("tell links with brokers and workers apart, and those that are missing from those given up", async () => {
    const { cluster, links } = clusterOf(3);
    expect(await links()).toEqual({
      "broker open": 2,
      "broker missing": 0,
      "broker unusable": 0,
      "follower open": 0,
      "follower missing": 0,
      "follower unusable": 0,
      "worker open": 1,
      "worker missing": 0,
      "worker unusable": 0,
    });

    cluster.kill(2);
    expect(await links()).toMatchObject({ "broker open": 1, "broker missing": 1, "broker unusable": 0 });

    cluster.clock.advance(2000);
    expect(await links()).toMatchObject({ "broker open": 1, "broker missing": 0, "broker unusable": 1 });
  });

  it("call the worker that follows the only broker its follower", async () => {
    const { links } = clusterOf(1);

    expect(await links()).toMatchObject({ "broker missing": 0, "follower open": 1, "worker open": 0 });
  });

  it("show how far followers are behind: messages, bytes, and for how long", async () => {
    const { cluster, worker, shown } = clusterOf(2);
    const lag = () =>
      Promise.all(["copies", "bytes", "seconds"].map((name) => shown(`scc_broker_unacknowledged_${name}`)));
    const channel = channelOf(cluster);
    cluster.publish(worker, channel, "1", () => {});
    cluster.clock.advance(100);
    expect((await lag())[2]).toBe(0);

    vi.spyOn(Holder.prototype, "copy").mockImplementation(() => {});
    vi.spyOn(Holder.prototype, "canary").mockImplementation(() => {});
    cluster.clock.advance(1000);
    for (const text of ["a", "b"]) cluster.publish(worker, channel, text.repeat(5000), () => {});
    cluster.clock.advance(3000);
    const [copies, bytes, seconds] = (await lag()) as [number, number, number];

    expect(copies).toBeGreaterThanOrEqual(2);
    expect(bytes).toBeGreaterThanOrEqual(10_000);
    expect(bytes).toBeLessThan(10_000 + BESIDE);
    expect(seconds).toBeCloseTo(3, 1);
  });

  it("say whether scc-state has registered it", async () => {
    const { shown, leaveState } = clusterOf(1);
    expect(await shown("scc_registered")).toBe(1);

    leaveState();
    expect(await shown("scc_registered")).toBe(0);
  });
});

/** A channel that the first broker owns. */
function channelOf(cluster: VirtualCluster): string {
  const names = Array.from({ length: 100 }, (_, n) => `c${n}`);
  return names.find((name) => cluster.brokers[0]!.owner.owns(name))!;
}

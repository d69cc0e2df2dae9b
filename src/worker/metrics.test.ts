import { describe, expect, it } from "vitest";
import { VirtualCluster } from "../../test/support/virtual-cluster.ts";
import { GapLog } from "../broker-client/gap-log.ts";
import { Hub } from "../pubsub/hub.ts";
import { PubSub } from "../pubsub/pubsub.ts";
import { silentLogger } from "../runtime/log.ts";
import { Metrics } from "../runtime/metrics.ts";
import { Turn } from "../runtime/turn.ts";
import type { ServerCore } from "../server/core.ts";
import { Counters } from "../server/counters.ts";
import type { Evacuation } from "./evacuation.ts";
import { registerWorkerMetrics } from "./metrics.ts";

/** A worker among three brokers, and what it shows. */
function stage() {
  const cluster = new VirtualCluster(() => 1);
  for (let n = 0; n < 3; n++) cluster.addBroker();
  const { broker, ring } = cluster.addWorker("w0");
  cluster.ringOf([0, 1, 2], { ring });
  cluster.clock.advance(100);
  const gaps = new GapLog(silentLogger, cluster.clock);
  const metrics = new Metrics({ service: "scc-worker" });
  const writer = { held: { bytes: 0 } };
  const pubsub = new PubSub(new Hub(new Turn()), broker);
  const core = { counters: new Counters(), open: new Map(), writer, pubsub };
  registerWorkerMetrics(metrics, {
    core: core as unknown as ServerCore,
    cluster: { broker, ring, gaps, registered: true },
    evacuation: { count: 0 } as Evacuation,
    level: "replica",
    readiness: () => undefined,
  });
  const shown = async (name: string, label: string): Promise<Record<string, number>> => {
    const family = (await metrics.families()).find((each) => each.name === name);
    return Object.fromEntries(family?.values.map(({ labels, value }) => [labels[label], value]) ?? []);
  };
  return { cluster, gaps, shown };
}

describe("The metrics of a worker", () => {
  it("show which of its links are open, which are missing, and which it has given up", async () => {
    const { cluster, shown } = stage();
    expect(await shown("scc_links", "state")).toEqual({ open: 3, missing: 0, unusable: 0 });

    cluster.cutLink(0);
    expect(await shown("scc_links", "state")).toEqual({ open: 2, missing: 1, unusable: 0 });

    cluster.clock.advance(100);
    cluster.kill(2);
    cluster.clock.advance(2000);
    expect(await shown("scc_links", "state")).toEqual({ open: 2, missing: 0, unusable: 1 });
  });

  it("count gaps by reason, with a place for each reason from the start", async () => {
    const { gaps, shown } = stage();
    expect(await shown("scc_worker_gaps_total", "reason")).toEqual({
      "new log": 0,
      "tail too short": 0,
      "log went back": 0,
    });

    for (const channel of ["a", "b"]) gaps.note({ channel, reason: "tail too short" });
    gaps.note({ channel: "c", reason: "new log" });
    expect(await shown("scc_worker_gaps_total", "reason")).toMatchObject({
      "tail too short": 2,
      "new log": 1,
    });
  });
});

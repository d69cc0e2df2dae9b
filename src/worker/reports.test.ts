import { describe, expect, it } from "vitest";
import type { ClusterBroker } from "../broker-client/cluster-broker.ts";
import { Hub } from "../pubsub/hub.ts";
import { LocalBroker } from "../pubsub/local-broker.ts";
import { Publication } from "../pubsub/publication.ts";
import { PubSub } from "../pubsub/pubsub.ts";
import { Turn } from "../runtime/turn.ts";
import { Counters } from "../server/counters.ts";
import { WorkerReports } from "./reports.ts";

function stage() {
  const hub = new Hub(new Turn());
  const pubsub = new PubSub(hub, new LocalBroker((publication) => hub.deliver(publication)));
  const broker = {
    counts: { gaps: 1, lost: 0 },
    rejected: { size: 1, time: 2 },
    linked: ["a", "b"],
    unconfirmedCount: 0,
  };
  const core = { pubsub, counters: new Counters(), open: new Map() };
  return { pubsub, reports: new WorkerReports(core, broker as unknown as ClusterBroker) };
}

describe("A worker's reports", () => {
  it("time publishes while somebody looks, and no longer", async () => {
    const { pubsub, reports } = stage();
    const publish = (): Promise<void> =>
      new Promise((resolve) => void pubsub.publish(Publication.of("news", 1), () => resolve()));
    await publish();
    expect(pubsub.meter).toBeNull();

    reports.begin();
    await publish();
    await publish();
    const timed = reports.counted(1000).latency ?? [];
    expect(timed.reduce((sum, [, count]) => sum + count, 0)).toBe(2);

    reports.end();
    await publish();
    expect(pubsub.meter).toBeNull();
    expect(reports.counted(1000).latency).toEqual([]);
  });

  it("add up what was rejected, for whatever reason", () => {
    expect(stage().reports.numbers()).toMatchObject({ rejected: 3, gaps: 1, connections: 0 });
  });
});

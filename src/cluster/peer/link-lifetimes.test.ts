import { describe, expect, it } from "vitest";
import { VirtualCluster } from "../../../test/support/virtual-cluster.ts";
import { NAME_TABLE_SIZE } from "../../link/name-table.ts";

const texts = (cluster: VirtualCluster, worker: number, channel: string): string[] =>
  cluster.workers[worker]?.delivered.get(channel) ?? [];

/** One broker and two workers, linked. */
function running(delay = 1): VirtualCluster {
  const cluster = new VirtualCluster(() => delay);
  cluster.addBroker();
  cluster.addWorker("w0");
  cluster.addWorker("w1");
  for (const { ring } of cluster.workers) {
    const first = cluster.workers[0]!.ring;
    if (!first.exists) cluster.ringOf([0], { ring: first });
    ring.offer(first.ring);
  }
  cluster.clock.advance(100);
  return cluster;
}

describe("A link between worker and broker", () => {
  it("knows every channel also when there are more of them than numbers", () => {
    const cluster = running();
    const [subscriber, publisher] = cluster.workers;
    const count = NAME_TABLE_SIZE + 100;
    for (let n = 0; n < count; n++) subscriber!.broker.subscribe(`c${n}`, () => {});
    cluster.clock.advance(10);
    for (const channel of ["c0", "c50", `c${count - 1}`]) cluster.publish(publisher!, channel, "x", () => {});
    cluster.clock.advance(10);

    for (const channel of ["c0", "c50", `c${count - 1}`]) expect(texts(cluster, 0, channel)).toEqual(["x"]);
    expect(subscriber!.broker.linked).toHaveLength(1);
  });

  it("ends a subscription also when its number was given to another channel meanwhile", () => {
    const cluster = running();
    const [worker] = cluster.workers;
    worker!.broker.subscribe("long", () => {});
    cluster.clock.advance(10);
    for (let n = 0; n <= NAME_TABLE_SIZE; n++) {
      cluster.publish(worker!, `reply-${n}`, "", () => {});
      // What is unconfirmed is bounded: not all at once.
      if (n % 1000 === 0) cluster.clock.advance(10);
    }
    cluster.clock.advance(10);
    worker!.broker.unsubscribe("long");
    cluster.clock.advance(10);

    expect(cluster.brokers[0]!.owner.find("long")).toBeUndefined();
  });

  it("does not take an answer for that of a later subscription to the same channel", () => {
    const cluster = running(10);
    const [worker, publisher] = cluster.workers;
    const acknowledged: string[] = [];
    worker!.broker.subscribe("news", () => acknowledged.push("first"));
    cluster.clock.advance(5);
    worker!.broker.unsubscribe("news");
    cluster.clock.advance(10);
    worker!.broker.subscribe("news", () => {
      acknowledged.push("second");
      cluster.publish(publisher!, "news", "after the second", () => {});
    });
    cluster.clock.advance(6);
    expect(acknowledged).toEqual(["first"]);
    cluster.clock.advance(200);

    expect(acknowledged).toEqual(["first", "second"]);
    expect(texts(cluster, 0, "news")).toEqual(["after the second"]);
  });

  it("sends what was on its way under an older ring again, and forgets where it was before", () => {
    const cluster = running();
    cluster.addBroker();
    const [worker] = cluster.workers;
    let confirmed = 0;
    const publish = (): void =>
      cluster.publish(worker!, "news", `${confirmed}`, (error) => error ?? confirmed++);
    worker!.broker.subscribe("news", () => {});
    cluster.clock.advance(10);
    publish();
    // The broker hears of the ring first, so that what is on its way comes under the older one.
    cluster.ringOf([0], cluster.brokers[0]!);
    cluster.clock.advance(10);
    for (let n = 0; n < 500; n++) {
      publish();
      cluster.clock.advance(3);
    }

    expect(confirmed).toBe(501);
    expect(worker!.broker.counts.resent).toBe(1);
    expect(worker!.broker.sentPositions).toBeLessThan(10);
    expect(texts(cluster, 0, "news")).toHaveLength(501);
  });

  it("forgets that also where the worker is the first to hear of the ring", () => {
    const cluster = running();
    const [worker] = cluster.workers;
    cluster.publish(worker!, "news", "x", () => {});
    cluster.ringOf([0], worker!);
    cluster.clock.advance(100);

    expect([worker!.broker.unconfirmedCount, worker!.broker.sentPositions]).toEqual([0, 0]);
  });

  it("asks again for everything where the broker went through a ring that the worker never had", () => {
    const cluster = running();
    cluster.addBroker();
    const [worker, publisher] = cluster.workers;
    const channels = Array.from({ length: 20 }, (_, n) => `c${n}`);
    for (const channel of channels) worker!.broker.subscribe(channel, () => {});
    cluster.clock.advance(10);
    // Both brokers go through a ring of two and back; the worker is told of the last one before their links are.
    const [first] = cluster.brokers;
    cluster.ringOf([0, 1], first!);
    cluster.ringOf([0], worker!);
    cluster.clock.advance(100);
    for (const channel of channels) cluster.publish(publisher!, channel, "x", () => {});
    cluster.clock.advance(100);

    for (const channel of channels) expect(texts(cluster, 0, channel)).toEqual(["x"]);
  });
});

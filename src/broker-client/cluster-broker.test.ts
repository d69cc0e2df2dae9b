import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualCluster, type VirtualWorker } from "../../test/support/virtual-cluster.ts";
import { PublishRefusedError, PublishTimeoutError, SubscribeTimeoutError } from "./errors.ts";

/** Two brokers and three workers, linked and calm. */
function running(delay: () => number = () => 1): VirtualCluster {
  const cluster = new VirtualCluster(delay);
  cluster.addBroker();
  cluster.addBroker();
  for (const name of ["w0", "w1", "w2"]) cluster.addWorker(name);
  for (const worker of cluster.workers) worker.ring.offer(ringOf(cluster));
  cluster.clock.advance(100);
  return cluster;
}

function ringOf(cluster: VirtualCluster) {
  const [first] = cluster.workers;
  if (!first!.ring.exists) cluster.ringOf([0, 1], first!);
  return first!.ring.ring;
}

/** A note of how a call ended: "open", "done" or the error. */
function outcome(): { state: "open" | "done" | Error; settle: (error?: Error) => void } {
  const note = {
    state: "open" as "open" | "done" | Error,
    settle: (error?: Error) => {
      expect(note.state).toBe("open");
      note.state = error ?? "done";
    },
  };
  return note;
}

const texts = ({ delivered }: VirtualWorker, channel: string): string[] => delivered.get(channel) ?? [];

describe("ClusterBroker", () => {
  it("delivers on every subscribed worker, the publishing one included, in one order", () => {
    const cluster = running();
    const [w0, w1, w2] = cluster.workers as [VirtualWorker, VirtualWorker, VirtualWorker];
    for (const worker of [w0, w1]) worker.broker.subscribe("news", outcome().settle);
    cluster.clock.advance(10);
    for (let n = 0; n < 20; n++)
      for (const worker of [w0, w1, w2]) cluster.publish(worker, "news", `${worker.name}-${n}`, () => {});
    cluster.clock.advance(10);

    expect(texts(w0, "news")).toHaveLength(60);
    expect(texts(w1, "news")).toEqual(texts(w0, "news"));
    expect(texts(w2, "news")).toEqual([]);
    expect(w0.broker.unconfirmedCount + w2.broker.unconfirmedCount).toBe(0);
  });

  it("acknowledges a subscription only when the owner has answered", () => {
    const cluster = running(() => 20);
    const subscribed = outcome();
    cluster.workers[0]!.broker.subscribe("news", subscribed.settle);

    // To the owner, to its follower since the log is new, and back.
    cluster.clock.advance(79);
    expect(subscribed.state).toBe("open");
    cluster.clock.advance(3);
    expect(subscribed.state).toBe("done");
  });

  it("keeps what is published while there is no ring, and sends it in order when there is one", () => {
    const cluster = new VirtualCluster(() => 1);
    cluster.addBroker();
    const worker = cluster.addWorker("w");
    const subscribed = outcome();
    worker.broker.subscribe("news", subscribed.settle);
    for (const text of ["a", "b", "c"]) cluster.publish(worker, "news", text, () => {});
    cluster.clock.advance(1000);
    expect([worker.broker.trouble, subscribed.state]).toEqual([
      "no broker has joined the cluster yet",
      "open",
    ]);

    cluster.ringOf([0], worker);
    cluster.clock.advance(100);

    expect([worker.broker.trouble, subscribed.state]).toEqual([undefined, "done"]);
    expect(texts(worker, "news")).toEqual(["a", "b", "c"]);
  });

  it("rejects in time, and says whether it may still have happened", () => {
    const cluster = running();
    const worker = cluster.addWorker("alone");
    const [published, subscribed] = [outcome(), outcome()];
    cluster.publish(worker, "news", "x", published.settle);
    worker.broker.subscribe("news", subscribed.settle);
    cluster.clock.advance(11_000);

    expect(published.state).toBeInstanceOf(PublishTimeoutError);
    expect(published.state).toMatchObject({ retryable: true, mayStillArrive: false });
    expect(subscribed.state).toBeInstanceOf(SubscribeTimeoutError);
  });

  it("refuses publishes past its bound, but always takes one", () => {
    const cluster = new VirtualCluster(() => 1);
    const worker = cluster.addWorker("alone");
    const [large, more] = [outcome(), outcome()];
    cluster.publish(worker, "news", "x".repeat(2e6), large.settle);
    cluster.publish(worker, "news", "y", more.settle);

    expect(large.state).toBe("open");
    expect(more.state).toBeInstanceOf(PublishRefusedError);
  });

  it("learns a ring from any link", () => {
    const cluster = running();
    cluster.addBroker();
    cluster.ringOf([0, 1, 2], cluster.brokers[0]!);
    cluster.clock.advance(100);

    for (const { ring } of [...cluster.workers, ...cluster.brokers]) expect(ring.version.counter).toBe(2);
    for (const { broker } of cluster.workers) expect(broker.linked).toHaveLength(3);
  });

  it("loses, doubles and reorders nothing when links break at any moment", () => {
    const step = fc.record({
      kind: fc.constantFrom("publish", "publish", "publish", "subscribe", "unsubscribe", "cut"),
      worker: fc.nat(2),
      channel: fc.constantFrom("a", "b", "__proto__"),
      link: fc.nat(20),
      wait: fc.nat(12),
    });
    const delays = fc.array(fc.nat(9), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), delays, (steps, delay) => {
        let dialled = 0;
        const cluster = running(() => delay[dialled++ % delay.length]!);
        const confirmed: { channel: string; text: string }[] = [];
        // For each worker and channel: what was confirmed before its subscription held does not count.
        const since = new Map<string, number>();
        const open = new Set<string>();
        let current = 0;
        steps.forEach(({ kind, worker: which, channel, link, wait }, index) => {
          current = index;
          const worker = cluster.workers[which]!;
          const key = `${which} ${channel}`;
          if (kind === "publish") {
            const text = `${which}:${index}`;
            cluster.publish(worker, channel, text, (error) => {
              expect(error).toBeUndefined();
              confirmed.push({ channel, text });
            });
          } else if (kind === "subscribe" && !open.has(key)) {
            open.add(key);
            worker.broker.subscribe(channel, () => since.set(key, current));
          } else if (kind === "unsubscribe" && since.has(key)) {
            open.delete(key);
            since.delete(key);
            worker.broker.unsubscribe(channel);
            worker.delivered.delete(channel);
          } else if (kind === "cut") cluster.cutLink(link);
          cluster.clock.advance(wait);
        });
        cluster.clock.advance(5000);

        expect(confirmed).toHaveLength(steps.filter(({ kind }) => kind === "publish").length);
        for (const [key, from] of since) {
          const [which, channel] = key.split(" ") as [string, string];
          const worker = cluster.workers[Number(which)]!;
          const got = texts(worker, channel);
          expect(new Set(got).size).toBe(got.length);
          for (const { channel: on, text } of confirmed) {
            if (on === channel && Number(text.split(":")[1]) > from) expect(got).toContain(text);
          }
          for (const other of cluster.workers) {
            const both = texts(other, channel).filter((text) => got.includes(text));
            expect(got.filter((text) => both.includes(text))).toEqual(both);
            const own = got
              .filter((text) => text.startsWith(`${other.name[1]}:`))
              .map((text) => Number(text.split(":")[1]));
            expect(own).toEqual(own.toSorted((a, b) => a - b));
          }
          expect(worker.gaps).toEqual([]);
          expect(worker.broker.unconfirmedCount).toBe(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("signals a gap wherever a change of the ring may have cost a subscription something", () => {
    const step = fc.record({
      worker: fc.nat(2),
      channel: fc.constantFrom("a", "b", "c"),
      ring: fc.option(fc.subarray([0, 1, 2], { minLength: 1 }), { freq: 8, nil: undefined }),
      wait: fc.nat(12),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const cluster = running();
        cluster.addBroker();
        for (const { broker } of cluster.workers)
          for (const channel of ["a", "b", "c"]) broker.subscribe(channel, () => {});
        cluster.clock.advance(100);
        const confirmed: { channel: string; text: string }[] = [];
        steps.forEach(({ worker, channel, ring, wait }, index) => {
          if (ring) {
            // Whoever is left out learns it before it is let in again, as another instance.
            cluster.ringOf(ring, cluster.workers[worker]!);
            cluster.clock.advance(50);
          }
          const text = `${index}`;
          cluster.publish(
            cluster.workers[worker]!,
            channel,
            text,
            (error) => error ?? confirmed.push({ channel, text }),
          );
          cluster.clock.advance(wait);
        });
        cluster.clock.advance(30_000);

        for (const worker of cluster.workers) {
          const signalled = new Set(worker.gaps.map(({ channel }) => channel));
          for (const { channel, text } of confirmed) {
            if (!signalled.has(channel)) expect(texts(worker, channel)).toContain(text);
          }
          expect(worker.ring.version).toEqual(cluster.workers[0]!.ring.version);
          expect(worker.broker.trouble).toBeUndefined();
        }
      }),
      { numRuns: 200 },
    );
  });
});

import { describe, expect, it } from "vitest";
import { VirtualCluster, type VirtualWorker } from "../../test/support/virtual-cluster.ts";
import { Publication } from "../pubsub/publication.ts";
import { PublishRefusedError, PublishTimeoutError } from "./errors.ts";

/** Two brokers near each other, and a worker of which each connection takes so long, in the order of the brokers. */
function running(...delays: number[]) {
  let dialled = 0;
  let areLinked = false;
  const cluster = new VirtualCluster(() => (areLinked ? (delays[dialled++ % delays.length] ?? 1) : 1));
  const [first, second] = [cluster.addBroker(), cluster.addBroker()];
  cluster.ringOf([0, 1], first);
  second.ring.offer(first.ring.ring);
  cluster.clock.advance(50);
  areLinked = true;
  const worker = cluster.addWorker("w");
  worker.ring.offer(first.ring.ring);
  cluster.clock.advance(100);
  return { cluster, worker };
}

/** A channel that the broker with this index owns. */
function channelOf(index: number, { ring }: VirtualWorker): string {
  for (let n = 0; ; n++) if (ring.placement.owner(`c${n}`)?.uri === `ws://b${index}`) return `c${n}`;
}

function publish(worker: VirtualWorker, channel: string, size: number, level?: "worker" | "replica") {
  const note = { outcome: "open" as "open" | "done" | Error, room: undefined as Promise<void> | undefined };
  const settle = (error?: Error): void => {
    expect(note.outcome).toBe("open");
    note.outcome = error ?? "done";
  };
  note.room = worker.broker.publish(new Publication(channel, Buffer.alloc(size, "1")), settle, level);
  return note;
}

async function isResolved(promise: Promise<void> | undefined): Promise<boolean> {
  const afterIt = new Promise<false>((resolve) => setImmediate(resolve, false));
  return promise !== undefined && (await Promise.race([promise.then(() => true), afterIt]));
}

describe("Publishing to several owners", () => {
  it("lets one that does not answer hold up nobody but those who publish there", async () => {
    const { cluster, worker } = running(1, 1e9);
    const [alive, dead] = [channelOf(0, worker), channelOf(1, worker)];
    const [first, second, third] = [1, 2, 3].map(() => publish(worker, dead, 400_000));
    const others = [1, 2, 3].map(() => {
      const note = publish(worker, alive, 100_000);
      cluster.clock.advance(10);
      return note;
    });

    expect(others.map(({ outcome, room }) => [outcome, room])).toEqual(Array(3).fill(["done", undefined]));
    expect([first!.room, third!.outcome]).toEqual([undefined, expect.any(PublishRefusedError)]);
    expect(third!.outcome).toMatchObject({ retryable: true, mayStillArrive: false });
    expect(second!.outcome).toBe("open");
    expect(await isResolved(second!.room)).toBe(false);

    cluster.clock.advance(11_000);
    expect(second!.outcome).toBeInstanceOf(PublishTimeoutError);
    expect(second!.outcome).toMatchObject({ retryable: true, mayStillArrive: false });
    expect(await isResolved(second!.room)).toBe(true);
    expect(worker.broker.rejected).toMatchObject({ room: 1, time: 2 });
  });

  it("gives all of the bound to the brokers that are there, and lets go who waited when they change", async () => {
    const { cluster, worker } = running(1, 1e9);
    const dead = channelOf(1, worker);
    const [first, second] = [publish(worker, dead, 400_000), publish(worker, dead, 400_000)];
    expect(second.room).toBeDefined();

    cluster.ringOf([0], worker);
    cluster.clock.advance(50);

    expect([first.outcome, second.outcome]).toEqual(["done", "done"]);
    expect(await isResolved(second.room)).toBe(true);
    expect(publish(worker, dead, 900_000).room).toBeUndefined();
  });

  it("delivers in order what had to wait, also when the link breaks meanwhile", () => {
    const { cluster, worker } = running(5);
    const channel = channelOf(0, worker);
    worker.broker.subscribe(channel, () => {});
    cluster.clock.advance(50);
    const notes = [...Array(9)].map((_, n) => publish(worker, channel, 100_000 + n));
    cluster.cutLink(0);
    cluster.clock.advance(1000);

    expect(notes.map(({ outcome }) => outcome)).toEqual(Array(9).fill("done"));
    const sizes = worker.delivered.get(channel)?.map((text) => text.length - 100_000);
    expect(sizes).toEqual([...Array(9).keys()]);
  });

  it("says that one which is too large need not be tried again", () => {
    const { worker } = running(1);
    const { outcome } = publish(worker, "news", 100 * 2 ** 20 + 1);

    expect(outcome).toBeInstanceOf(PublishRefusedError);
    expect(outcome).toMatchObject({ retryable: false, mayStillArrive: false });
  });
});

describe("A publish at level worker", () => {
  it("is done when it is taken, and goes to the brokers all the same", () => {
    const { cluster, worker } = running(1);
    worker.broker.subscribe("news", () => {});
    cluster.clock.advance(10);
    const [early, late] = [publish(worker, "news", 1, "worker"), publish(worker, "news", 2, "replica")];
    expect([early.outcome, late.outcome]).toEqual(["done", "open"]);

    cluster.clock.advance(10);
    expect(late.outcome).toBe("done");
    expect(worker.delivered.get("news")).toEqual(["1", "11"]);
    expect(worker.lost).toEqual([]);
  });

  it("is counted and told of where it fails later: its publisher is not asked any more", () => {
    const { cluster, worker } = running(1e9);
    expect(publish(worker, "news", 1, "worker").outcome).toBe("done");
    cluster.clock.advance(11_000);

    expect(worker.lost).toEqual([{ channel: "news", error: expect.any(PublishTimeoutError) }]);
    expect(worker.broker.counts.lost).toBe(1);
  });
});

describe("A worker that leaves", () => {
  it("can wait for what it published until then, and for nothing that comes later", async () => {
    const { cluster, worker } = running(20);
    publish(worker, "news", 1);
    const settled = worker.broker.settled();
    cluster.clock.advance(30);
    publish(worker, "news", 1);
    expect(await isResolved(settled)).toBe(false);
    cluster.clock.advance(15);

    expect(await isResolved(settled)).toBe(true);
    expect(worker.broker.unconfirmedCount).toBe(1);
    expect(await isResolved(worker.broker.settled())).toBe(false);
  });

  it("rejects what is unconfirmed at its end, and says whether it may still arrive", () => {
    const { cluster, worker } = running(1, 1e9);
    const notes = [publish(worker, channelOf(0, worker), 1), publish(worker, channelOf(1, worker), 1)];
    worker.broker.close();

    expect(notes.map(({ outcome }) => outcome)).toMatchObject([
      { name: "PublishRefusedError", retryable: true, mayStillArrive: true },
      { name: "PublishRefusedError", retryable: true, mayStillArrive: false },
    ]);
    expect(worker.broker.rejected.stop).toBe(2);
    cluster.clock.advance(11_000);
  });
});

import { afterEach, describe, expect, it, vi } from "vitest";
import { VirtualCluster, type VirtualWorker } from "../../../test/support/virtual-cluster.ts";
import type { StateLink } from "../../cluster/registration/state-link.ts";
import { HeldLogs } from "../../cluster/replica/held-logs.ts";
import { Holder } from "../../cluster/replica/holder.ts";
import { KeeperLogs } from "../../cluster/replica/keeper-logs.ts";
import { CurrentRing } from "../../cluster/ring/current-ring.ts";
import { EntryWriter } from "../../link/entries.ts";
import { WHOLE_FRAMES } from "../../link/test-link.ts";
import { CopyStream } from "../owner/copy-stream.ts";
import type { BrokerService } from "../service.ts";
import { Canaries } from "./canaries.ts";
import { PeerPort } from "./peer-port.ts";

afterEach(() => void vi.restoreAllMocks());

/** Brokers and workers in a ring, and how long each canary took. */
function clusterOf(brokers: number, workers: number) {
  const cluster = new VirtualCluster(() => 5);
  for (let n = 0; n < brokers; n++) cluster.addBroker();
  const answers = new Map<VirtualWorker, number[]>();
  for (let n = 0; n < workers; n++) {
    const worker = cluster.addWorker(`w${n}`);
    const took: number[] = [];
    answers.set(worker, took);
    worker.broker.canaries.onAnswer = (ms) => took.push(ms);
  }
  const keeper = { uri: "ws://w0", instanceId: "w0", role: "worker" as const };
  const keepers = brokers === 1 ? [keeper] : [];
  const all = cluster.brokers.map((_, index) => index);
  for (const member of [...cluster.workers, ...cluster.brokers]) {
    member.ring.offer({ ...NO_MEMBERS, brokers: all.map((index) => cluster.memberOf(index)), keepers });
  }
  return { cluster, answers, worker: cluster.workers[0] as VirtualWorker };
}

/** A talk with scc-state that nobody has. */
const NOBODY = { onPeers() {}, linked() {}, settled() {}, rejoin() {} };
const NO_MEMBERS = { version: { counter: 1, stateId: "test" }, placement: "rendezvous" as const };

describe("Canaries", () => {
  it.each([
    { brokers: 3, legs: 4 },
    { brokers: 1, legs: 4 },
  ])("go to the owner, on to a follower and back, with $brokers brokers", ({ brokers, legs }) => {
    const { cluster, answers, worker } = clusterOf(brokers, 2);
    cluster.clock.advance(5000);

    expect(worker.broker.trouble).toBeUndefined();
    for (const took of answers.values()) {
      expect(took.length).toBeGreaterThan(2 * brokers);
      // Each of the connections takes 5 ms one way.
      expect(took.at(-1)).toBeGreaterThanOrEqual(legs * 5);
    }
  });

  it("leave nothing behind: no log, no channel, no message", () => {
    const { cluster, worker } = clusterOf(2, 2);
    cluster.clock.advance(10_000);

    for (const { owner, held } of cluster.brokers) {
      expect([owner.channelCount, owner.messageCount, held.count, held.tailBytes]).toEqual([0, 0, 0, 0]);
    }
    expect([worker.broker.unconfirmedCount, worker.broker.sentPositions, worker.delivered.size]).toEqual([
      0, 0, 0,
    ]);
  });

  it("are unanswered where followers acknowledge nothing: owners accuse them, and no worker an owner", () => {
    const { cluster, worker } = clusterOf(2, 2);
    const [first, second] = cluster.brokers as [BrokerService, BrokerService];
    const accused: string[][] = [];
    first.registersWith({ ...NOBODY, accuse: (ids: string[]) => accused.push(ids) } as unknown as StateLink);
    cluster.clock.advance(3000);
    expect(accused.flat()).toEqual([]);
    const broken = vi.spyOn(Holder.prototype, "canary").mockImplementation(() => {});
    cluster.clock.advance(6000);

    expect(worker.broker.trouble).toContain("no canary comes back");
    expect(worker.broker.accused).toEqual([]);
    expect(accused.at(-1)).toEqual([second.instanceId]);

    // A new connection begins anew.
    broken.mockRestore();
    cluster.cutLink(0);
    for (let n = 0; n < 10; n++) cluster.cutLink(n);
    cluster.clock.advance(6000);
    expect(worker.broker.trouble).toBeUndefined();
    expect(accused.at(-1)).toEqual([]);
  });

  it("have the worker accuse an owner that is linked and does nothing, and take it back when it works", () => {
    const { cluster, worker } = clusterOf(2, 2);
    cluster.clock.advance(3000);
    const broken = vi.spyOn(Canaries.prototype, "came").mockImplementation(() => {});
    cluster.clock.advance(2900);
    expect(worker.broker.accused).toEqual([]);
    cluster.clock.advance(1600);
    expect(worker.broker.linked).toHaveLength(2);
    expect(worker.broker.accused).toEqual(cluster.brokers.map(({ instanceId }) => instanceId));
    expect(worker.broker.canaries.lateCount).toBe(2);

    broken.mockRestore();
    cluster.clock.advance(2000);
    expect(worker.broker.accused).toEqual([]);
    expect(worker.broker.trouble).toBeUndefined();
  });
});

describe("A follower's copies", () => {
  const ring = new CurrentRing();
  const held = new HeldLogs({ count: 1, bytes: 1, age: 1, totalBytes: 1 }, () => 0);
  const logs = new KeeperLogs(new Holder({ instanceId: () => "me", ring, held, atTurnEnd: () => {} }));
  const portTo = (canaries: boolean | undefined): PeerPort => {
    const entries = new EntryWriter(
      () => {},
      () => {},
    );
    const hello = { instanceId: "me", role: "broker" as const, release: "1", ring: ring.ring };
    const link = { entries, ...WHOLE_FRAMES, close: () => {} };
    const port = new PeerPort({ link, ring, hello, logs, introduced: () => {} });
    port.hello(JSON.stringify({ ...hello, instanceId: "f", ...(canaries !== undefined && { canaries }) }));
    return port;
  };
  const streamTo = (): CopyStream => new CopyStream("f", 1000, () => {});

  it("are stalled when nothing of what was said is acknowledged, tick after tick, and not before", () => {
    const stream = streamTo();
    const port = portTo(true);
    stream.opened(port);
    stream.tick();
    expect(stream.stalledTicks).toBe(0);
    let answers = 0;
    stream.canary(() => {
      answers += 1;
    });
    stream.canary(() => {
      answers += 1;
    });
    expect(port.copies.said).toBe(1); // the second shares the first
    for (let n = 0; n < 3; n++) stream.tick();
    expect([stream.stalledTicks, answers]).toEqual([3, 0]);
    stream.acknowledged(port, 1);

    expect([stream.stalledTicks, stream.length, answers]).toEqual([0, 0, 2]);
  });

  it("are told nothing of canaries where the follower is of an earlier release", () => {
    const stream = streamTo();
    let answers = 0;
    stream.canary(() => {
      answers += 1;
    });
    const port = portTo(undefined);
    stream.opened(port);
    expect([answers, port.copies.said, stream.length]).toEqual([1, 0, 0]);
    stream.canary(() => {
      answers += 1;
    });

    expect([answers, port.copies.said]).toEqual([2, 0]);
  });
});

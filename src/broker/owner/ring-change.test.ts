import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualCluster } from "../../../test/support/virtual-cluster.ts";
import type { Keeper } from "../../cluster/ring/ring.ts";

const CHANNELS = Array.from({ length: 12 }, (_, n) => `channel ${n}`);

/** A cluster that publishes all the time, and what has become of each message. */
class Busy {
  readonly cluster: VirtualCluster;
  readonly confirmed = new Set<string>();
  readonly failed: Error[] = [];
  /** Brokers in the ring. */
  listed: number[];
  #sent = 0;

  constructor(brokers: number, delay: () => number) {
    this.cluster = new VirtualCluster(delay);
    for (let index = 0; index < brokers; index++) this.cluster.addBroker();
    for (const name of ["w0", "w1"]) this.cluster.addWorker(name);
    this.listed = this.cluster.brokers.map((_, index) => index);
    this.change([]);
    this.cluster.clock.advance(200);
    let answered = 0;
    for (const worker of this.cluster.workers) {
      for (const channel of CHANNELS) worker.broker.subscribe(channel, () => (answered += 1));
    }
    this.cluster.clock.advance(500);
    expect(answered).toBe(2 * CHANNELS.length);
  }

  /** Where there is one broker only, the first worker follows it. */
  change(leaving: readonly number[]): void {
    const { cluster, listed } = this;
    const keepers: Keeper[] = leaving.map((index) => ({ ...cluster.memberOf(index), role: "broker" }));
    keepers.push({ uri: "ws://w0", instanceId: "w0", role: "worker" });
    cluster.ringOf(listed, cluster.workers[1]!, keepers);
    // As scc-state does: where the only broker died no link is left to tell it.
    cluster.workers[0]!.ring.offer(cluster.workers[1]!.ring.ring);
  }

  publish(count: number): void {
    for (let n = 0; n < count; n++) {
      this.#sent += 1;
      const channel = CHANNELS[this.#sent % CHANNELS.length]!;
      const text = `${this.#sent}`;
      this.cluster.publish(this.cluster.workers[this.#sent % 2]!, channel, text, (error) => {
        if (error) this.failed.push(error);
        else this.confirmed.add(`${channel}/${text}`);
      });
      this.cluster.clock.advance(1);
    }
  }

  get isSettled(): boolean {
    const { brokers, workers } = this.cluster;
    const { counter } = workers[1]!.ring.version;
    return this.listed.every((index) => {
      const { ring, owner } = brokers[index]!;
      return ring.version.counter === counter && owner.handover.isSettled;
    });
  }

  settle(): void {
    for (let n = 0; n < 100 && !this.isSettled; n++) this.cluster.clock.advance(100);
    expect(this.isSettled).toBe(true);
  }

  check(): void {
    this.settle();
    this.cluster.clock.advance(3000);
    const [first, second] = this.cluster.workers;
    expect(this.failed).toEqual([]);
    for (const channel of CHANNELS) {
      const seen = first!.delivered.get(channel) ?? [];
      expect(second!.delivered.get(channel) ?? []).toEqual(seen);
      expect(new Set(seen).size).toBe(seen.length);
      const odd = seen.filter((text) => Number(text) % 2 === 1).map(Number);
      expect(odd).toEqual(odd.toSorted((a, b) => a - b));
      const wanted = [...this.confirmed].filter((each) => each.startsWith(`${channel}/`)).length;
      expect(seen.length).toBe(wanted);
    }
    expect(this.cluster.workers.flatMap(({ gaps }) => gaps)).toEqual([]);
    expect(this.confirmed.size).toBe(this.#sent);
    expect(this.cluster.workers.map(({ broker }) => broker.unconfirmedCount)).toEqual([0, 0]);
  }
}

describe("A change of the ring", () => {
  it("hands channels to a broker that joins", () => {
    const busy = new Busy(2, () => 2);
    busy.publish(100);
    busy.cluster.addBroker();
    busy.listed.push(2);
    busy.change([]);
    busy.publish(200);

    busy.check();
    expect(busy.cluster.brokers[2]!.owner.channelCount).toBeGreaterThan(0);
  });

  it("takes channels over from a broker that leaves, which may go when all is settled", () => {
    const busy = new Busy(3, () => 2);
    busy.publish(100);
    busy.listed.shift();
    busy.change([0]);
    busy.publish(100);
    busy.settle();
    busy.cluster.clock.advance(10);

    expect(busy.cluster.brokers[0]!.isReleased).toBe(true);
    busy.cluster.kill(0);
    busy.publish(50);
    busy.check();
  });

  it("loses nothing when a broker dies, also the only one, whose worker keeps copies", () => {
    for (const brokers of [1, 2, 3]) {
      const busy = new Busy(brokers, () => 2);
      busy.publish(100);
      busy.settle();
      busy.cluster.kill(0);
      busy.publish(30);
      busy.listed.shift();
      if (brokers === 1) {
        busy.cluster.addBroker();
        busy.listed.push(1);
      }
      busy.change([]);
      busy.publish(100);

      busy.check();
    }
  });

  it("keeps every log twice once it is settled, and nowhere else", () => {
    const busy = new Busy(4, () => 3);
    busy.publish(100);
    busy.listed = [1, 2, 3];
    busy.change([0]);
    busy.publish(60);
    busy.check();

    for (const channel of CHANNELS) {
      const holders = busy.cluster.brokers
        .map(({ held }) => held.find(channel)?.log)
        .filter((log) => log !== undefined);
      expect(holders).toHaveLength(2);
      const [a, b] = holders.map((log) => log.after(0).map(({ bytes }) => bytes.toString()));
      expect(a).toEqual(b);
    }
  });

  it("loses, doubles and reorders nothing, whatever joins, leaves, dies or breaks, one fault per settled ring", () => {
    const step = fc.record({
      kind: fc.constantFrom("publish", "publish", "join", "leave", "kill", "cut", "change"),
      which: fc.nat(20),
      count: fc.integer({ min: 1, max: 40 }),
      waits: fc.boolean(),
    });
    const delays = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 25 }),
        delays,
        (brokers, steps, delay) => {
          let dialled = 0;
          const busy = new Busy(brokers, () => delay[dialled++ % delay.length]!);
          for (const { kind, which, count, waits } of steps) {
            const { listed, cluster } = busy;
            if (kind === "join" && cluster.brokers.length < 8) {
              cluster.addBroker();
              listed.push(cluster.brokers.length - 1);
              busy.change([]);
            } else if (kind === "leave" && listed.length > 1 && busy.isSettled) {
              const [gone] = listed.splice(which % listed.length, 1);
              busy.change([gone!]);
              // What it holds has to be elsewhere before anything else happens to the ring.
              busy.publish(count);
              busy.settle();
            } else if (kind === "kill" && listed.length > 1 && busy.isSettled) {
              cluster.kill(listed.splice(which % listed.length, 1)[0]!);
              busy.publish(count % 7);
              busy.change([]);
            } else if (kind === "cut") cluster.cutLink(which);
            else if (kind === "change") busy.change([]);
            busy.publish(count);
            if (waits) busy.settle();
          }
          busy.check();
        },
      ),
      { numRuns: 500 },
    );
  });
});

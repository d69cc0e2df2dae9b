import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../../test/support/virtual-clock.ts";
import { Layout, type Shape } from "./layout.ts";
import { Meter } from "./meter.ts";
import { ClosedLoop, OpenLoop, type Pacer } from "./pace.ts";
import { Stamp } from "./stamp.ts";
import { Tally } from "./tally.ts";
import { Traffic } from "./traffic.ts";

const SHAPE = { subscribers: 4, channels: 2, channelsPerSubscriber: 1, publishers: 2 };

/** Traffic with a server in memory, on a clock that a test turns. */
class Bench {
  readonly clock = new VirtualClock();
  readonly layout: Layout;
  readonly meter = new Meter(10_000_000);
  readonly tally = new Tally();
  readonly traffic: Traffic;
  /** What was published and has not been delivered. */
  readonly waiting: Stamp[] = [];
  isReady = true;
  /** How long the server takes, ms. */
  serverMs: number | undefined = 1;

  constructor(awaitsDeliveries: boolean, shape: Shape = SHAPE) {
    this.layout = new Layout(shape);
    this.traffic = new Traffic({
      layout: this.layout,
      meter: this.meter,
      tally: this.tally,
      wire: { ready: () => this.isReady, publish: (stamp) => this.#serve(Object.assign(new Stamp(), stamp)) },
      awaitsDeliveries,
      patienceUs: 1_000_000,
    });
  }

  get now(): number {
    return this.clock.now() * 1000;
  }

  /** Publishes for so many ms as the pace says, looking every millisecond. */
  run(pacer: Pacer, ms: number): void {
    this.traffic.start(pacer);
    for (let each = 0; each < ms; each++) {
      this.traffic.tick(this.now);
      this.traffic.expire(this.now);
      this.clock.advance(1);
    }
    this.traffic.stop();
  }

  answer(stamp: Stamp): void {
    this.traffic.acknowledged(stamp.number, this.now);
  }

  deliver(stamp: Stamp, to = [0, 1, 2, 3]): void {
    for (const subscriber of to)
      if (this.layout.channelsOf(subscriber).includes(stamp.channel))
        this.traffic.delivered(subscriber, stamp, this.now);
  }

  get lost(): number {
    return this.traffic.lost(4, () => true);
  }

  #serve(stamp: Stamp): void {
    if (this.serverMs === undefined) {
      this.waiting.push(stamp);
      return;
    }
    this.clock.after(this.serverMs, () => {
      this.answer(stamp);
      this.deliver(stamp);
    });
  }
}

describe("Traffic in an open loop", () => {
  it("times publications from when they were to be sent, so that a stall shows in all that it held up", () => {
    const bench = new Bench(false);
    bench.meter.open(0);
    bench.clock.after(1000, () => {
      bench.isReady = false;
    });
    bench.clock.after(2000, () => {
      bench.isReady = true;
    });
    bench.run(new OpenLoop(100, 0), 10_000);
    const { count, p50, p90, p99, max } = bench.meter.deliveries.latency;

    // A tenth of the time nothing could be sent: a tenth of all was late, by up to that second.
    expect(count).toBe(2000);
    expect(p50).toBeLessThanOrEqual(2);
    expect(p90).toBeLessThanOrEqual(12);
    expect(p99).toBeGreaterThan(850);
    expect(max).toBeGreaterThanOrEqual(990);
    expect(bench.meter.published).toBe(1000);
    expect(bench.lost).toBe(0);
  });

  it("times acknowledgements in the same way", () => {
    const bench = new Bench(false);
    bench.meter.open(0);
    bench.isReady = false;
    bench.clock.after(500, () => {
      bench.isReady = true;
    });
    bench.run(new OpenLoop(1, 0), 600);

    expect(bench.meter.acknowledgements.latency).toMatchObject({ count: 1, max: 501 });
  });

  it("says how long it is until the next publication", () => {
    const bench = new Bench(false);
    bench.traffic.start(new OpenLoop(1000, 0));

    expect(bench.traffic.tick(0)).toBe(1000);
    expect(bench.traffic.tick(600)).toBe(400);
  });

  it("publishes on all channels, in turn over the publishers", () => {
    const bench = new Bench(false, { ...SHAPE, channels: 4, subscribers: 4 });
    bench.serverMs = undefined;
    bench.run(new OpenLoop(1000, 0), 8);

    expect(bench.waiting.map(({ publisher }) => publisher)).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
    expect(bench.waiting.map(({ channel }) => channel)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    expect(bench.waiting.map(({ sequence }) => sequence)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
  });

  it("passes over publishers that are gone", () => {
    const bench = new Bench(false);
    bench.serverMs = undefined;
    bench.traffic.publisherIsGone(0);
    bench.run(new OpenLoop(1000, 0), 4);

    expect(bench.waiting.map(({ publisher }) => publisher)).toEqual([1, 1, 1, 1]);
  });
});

describe("Traffic in a closed loop", () => {
  it("has no more under way than the window, until each is acknowledged and delivered to everybody", () => {
    const bench = new Bench(true);
    bench.serverMs = undefined;
    bench.run(new ClosedLoop(3), 5);
    const [first, second] = bench.waiting as [Stamp, Stamp];
    expect(bench.waiting.length).toBe(3);

    bench.answer(first);
    bench.deliver(first, [0]);
    bench.deliver(second);
    bench.run(new ClosedLoop(3), 5);
    expect(bench.waiting.length).toBe(3);

    bench.deliver(first, [2]);
    bench.run(new ClosedLoop(3), 5);
    expect(bench.waiting.length).toBe(4);
    bench.answer(second);
    bench.run(new ClosedLoop(3), 5);
    expect(bench.waiting.length).toBe(5);
  });

  it("does not stand still for what is lost, nor wait for a subscriber that is gone", () => {
    const bench = new Bench(true);
    bench.serverMs = undefined;
    bench.run(new ClosedLoop(2), 5);
    expect(bench.waiting.length).toBe(2);
    bench.run(new ClosedLoop(2), 1005);
    expect(bench.waiting.length).toBe(4);

    for (const subscriber of [0, 1, 2, 3]) bench.traffic.subscriberIsGone(subscriber);
    bench.run(new ClosedLoop(2), 1005);
    const before = bench.waiting.length;
    for (const stamp of bench.waiting.slice(-2)) bench.answer(stamp);
    bench.run(new ClosedLoop(2), 5);
    expect(bench.waiting.length).toBe(before + 2);
  });
});

describe("What comes of traffic", () => {
  function published(count: number): Bench {
    const bench = new Bench(false);
    bench.serverMs = undefined;
    bench.run(new OpenLoop(1000, 0), count);
    return bench;
  }

  it("is counted exactly: lost, repeated, out of order", () => {
    const bench = published(8);
    const order = [0, 1, 3, 2, 2, 4, 4, 6, 7];
    for (const index of order) bench.deliver(bench.waiting[index] as Stamp);
    for (const stamp of bench.waiting) bench.answer(stamp);

    // Publications alternate between two channels with two subscribers each. The fifth is lost.
    expect(bench.traffic).toMatchObject({ duplicated: 4, reordered: 0, malformed: 0 });
    expect(bench.lost).toBe(2);
    bench.deliver(bench.waiting[5] as Stamp, [1]);
    expect(bench.traffic.reordered).toBe(1);
    expect(bench.lost).toBe(1);
  });

  it("is lost only if it was acknowledged: not if it was refused or never answered", () => {
    const bench = published(8);
    for (const [index, stamp] of bench.waiting.entries()) {
      if (index < 3) bench.answer(stamp);
      if (index === 3) bench.traffic.refused(stamp.number, "no");
      if (index === 3) bench.deliver(stamp, [1]);
    }

    expect(bench.lost).toBe(6);
    expect(bench.tally.counts).toEqual(
      new Map([
        ["publish without an answer", 4],
        ["publish refused: no", 1],
      ]),
    );
  });

  it("is malformed if nobody published it, or it came to somebody who is not subscribed", () => {
    const bench = published(2);
    const stamp = bench.waiting[0] as Stamp;

    expect(bench.traffic.delivered(0, Object.assign(new Stamp(), stamp, { sequence: 1 }), 9)).toBe(false);
    expect(bench.traffic.delivered(0, Object.assign(new Stamp(), stamp, { publisher: 9 }), 9)).toBe(false);
    expect(bench.traffic.delivered(1, stamp, 9)).toBe(false);
    expect(bench.traffic.delivered(0, stamp, 9)).toBe(true);
    expect(bench.traffic.malformed).toBe(3);
  });

  it("is complete when everything is answered and has arrived", () => {
    const bench = published(2);
    for (const stamp of bench.waiting) bench.deliver(stamp);
    expect(bench.traffic.complete).toBe(false);
    for (const stamp of bench.waiting) bench.answer(stamp);
    expect(bench.traffic.complete).toBe(true);
  });
});

import { describe, expect, it } from "vitest";
import { Meter } from "./meter.ts";
import { Recorder } from "./recorder.ts";

const SECOND = 1_000_000;

describe("A meter", () => {
  it("counts what happens in the window, and times what was intended in it, even if it comes later", () => {
    const meter = new Meter(2 * SECOND);
    meter.publish(900_000);
    meter.deliver(900_000, 950_000);
    meter.open(SECOND);
    meter.deliver(900_000, SECOND + 5); // intended before
    meter.publish(SECOND + 10);
    meter.deliver(SECOND + 10, SECOND + 1010);
    meter.publish(3 * SECOND - 1);
    meter.close(3 * SECOND);
    meter.deliver(3 * SECOND - 1, 8 * SECOND - 1); // comes after it
    meter.acknowledge(3 * SECOND - 1, 3 * SECOND + 999_999);

    expect(meter).toMatchObject({ published: 2, delivered: 2, acknowledged: 0 });
    expect(meter).toMatchObject({ publishedInAll: 3, deliveredInAll: 4 });
    expect(meter.deliveries.latency).toMatchObject({ count: 2, max: 5000 });
    expect(meter.acknowledgements.latency).toMatchObject({ count: 1, max: 1000 });
    expect(meter.windowUs(9 * SECOND)).toBe(2 * SECOND);
  });

  it("divides the window in seconds, of which the last one takes in what is over", () => {
    const meter = new Meter(3 * SECOND);
    meter.open(0);
    for (const at of [0.5, 1.5, 1.6, 2.5, 3.001]) meter.deliver(at * SECOND, at * SECOND + 1000);
    meter.close(3.002 * SECOND);

    expect(meter.samples.map(({ end, delivered }) => [end, delivered])).toEqual([
      [SECOND, 1],
      [2 * SECOND, 2],
      [3.002 * SECOND, 2],
    ]);
    expect(meter.samples.map(({ latency }) => Recorder.decode(latency).latency.count)).toEqual([1, 2, 2]);
  });

  it("has a sample for each second in which nothing came", () => {
    const meter = new Meter(3 * SECOND);
    meter.open(0);
    meter.close(3 * SECOND);

    expect(meter.samples.map(({ end }) => end / SECOND)).toEqual([1, 2, 3]);
  });

  it("keeps the samples of a long run few", () => {
    const meter = new Meter(3600 * SECOND);
    meter.open(0);
    meter.close(3600 * SECOND);

    expect(meter.samples.length).toBe(900);
  });

  it("has no window that was never opened", () => {
    const meter = new Meter(SECOND);
    meter.close(5);

    expect([meter.windowUs(10), meter.samples.length]).toEqual([0, 0]);
  });
});

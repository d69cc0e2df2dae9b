import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { MetricFamily } from "../../runtime/metric-family.ts";
import { Metrics } from "../../runtime/metrics.ts";
import { GroupMetrics } from "./group-metrics.ts";

const sent = (value: number): MetricFamily[] => [
  {
    name: "sent",
    help: "help",
    type: "counter",
    aggregator: "sum",
    isOfProcess: false,
    values: [{ value, labels: {} }],
  },
];

/** Processes that a test lets answer. */
function stage(...numbers: number[]) {
  const clock = new VirtualClock();
  const asked: (readonly [number, number])[] = [];
  const own = new Metrics({});
  const metrics = new GroupMetrics({
    own,
    clock,
    numbers: () => numbers,
    ask: (number, question) => void asked.push([number, question]),
  });
  const total = async (page: Promise<string>) => Number(/^sent (\d+)$/m.exec(await page)?.[1]);
  return { clock, asked, metrics, total };
}

describe("A scrape of several processes", () => {
  it("asks each of them once, also for two that scrape at the same time", async () => {
    const { asked, metrics, total } = stage(1, 2);
    const pages = [metrics.metrics(), metrics.metrics()];
    metrics.came(1, 1, sent(3));
    metrics.came(2, 1, sent(4));

    expect(await Promise.all(pages.map(total))).toEqual([7, 7]);
    expect(asked).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });

  it("waits for none that is late: what it said last stands", async () => {
    const { clock, metrics, total } = stage(1, 2);
    const first = metrics.metrics();
    metrics.came(1, 1, sent(3));
    metrics.came(2, 1, sent(4));
    await first;

    const second = metrics.metrics();
    metrics.came(1, 2, sent(30));
    clock.advance(1000);
    expect(await total(second)).toBe(34);
  });

  it("does not show less when a process died, also in the middle of it", async () => {
    const { metrics, total } = stage(1, 2);
    const first = metrics.metrics();
    metrics.came(1, 1, sent(3));
    metrics.came(2, 1, sent(4));
    await first;

    const second = metrics.metrics();
    metrics.came(1, 2, sent(5));
    metrics.gone(2);
    expect(await total(second)).toBe(9);
    const third = metrics.metrics();
    metrics.came(1, 3, sent(5));
    metrics.came(2, 3, sent(1));
    expect(await total(third)).toBe(10);
  });
});

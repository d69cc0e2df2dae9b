import { describe, expect, it } from "vitest";
import type { MetricFamily } from "../../runtime/metric-family.ts";
import { printFamilies } from "../../runtime/metrics.ts";
import { addTotals, labelled } from "./merge-metrics.ts";

const family = (name: string, value: number, more: Partial<MetricFamily> = {}): MetricFamily => ({
  name,
  help: "help",
  type: "counter",
  aggregator: "sum",
  isOfProcess: false,
  values: [{ value, labels: { instance: "8000" } }],
  ...more,
});
const memory = (value: number) => family("rss", value, { type: "gauge", isOfProcess: true });
const ring = (value: number) => family("ring", value, { type: "gauge", aggregator: "max" });

/** The lines of the page that several processes make. */
async function page(
  processes: readonly (readonly [string, MetricFamily[]])[],
  dead: readonly MetricFamily[] = [],
): Promise<string[]> {
  const lists = processes.map(([process, families]) => labelled({ process, families }));
  return (await printFamilies([...lists, dead])).split("\n").filter((line) => line && !line.startsWith("#"));
}

describe("The metrics of several processes", () => {
  it("add up what counts work, and take the highest where the sum would mean nothing", async () => {
    const lines = await page([
      ["1", [family("sent", 2), ring(7)]],
      ["2", [family("sent", 40), ring(8)]],
    ]);

    expect(lines).toEqual(['sent{instance="8000"} 42', 'ring{instance="8000"} 8']);
  });

  it("stay apart where they are about the process itself, whatever the library would make of them", async () => {
    const lag = (value: number) =>
      family("lag", value, { type: "gauge", isOfProcess: true, aggregator: "omit" });

    expect(
      await page([
        ["primary", [memory(1)]],
        ["1", [memory(20), lag(5)]],
      ]),
    ).toEqual([
      'rss{instance="8000",process="primary"} 1',
      'rss{instance="8000",process="1"} 20',
      'lag{instance="8000",process="1"} 5',
    ]);
  });

  it("keep the counts of dead processes, and nothing else of them", async () => {
    const first = addTotals([], [family("sent", 5), ring(3), memory(9)]);
    const both = addTotals(first, [family("sent", 6)]);

    expect(await page([["1", [family("sent", 100)]]], both)).toEqual(['sent{instance="8000"} 111']);
  });

  it("keep dead processes' counts apart by label", () => {
    const values = [
      { value: 1, labels: { kind: "a" } },
      { value: 2, labels: { kind: "b" } },
    ];
    const totals = addTotals(addTotals([], [family("sent", 0, { values })]), [family("sent", 0, { values })]);

    expect(totals[0]?.values).toEqual([
      { value: 2, labels: { kind: "a" } },
      { value: 4, labels: { kind: "b" } },
    ]);
  });

  it("keep dead processes' histograms, each of their series", () => {
    const values = [
      { metricName: "ack_bucket", value: 1, labels: { le: 1 } },
      { metricName: "ack_sum", value: 0.5, labels: {} },
      { metricName: "ack_count", value: 1, labels: {} },
    ];
    const dead = family("ack", 0, { type: "histogram", values });

    expect(addTotals(addTotals([], [dead]), [dead])[0]?.values.map(({ value }) => value)).toEqual([2, 1, 2]);
  });
});

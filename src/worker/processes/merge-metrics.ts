import type { MetricFamily, MetricValue } from "../../runtime/metric-family.ts";

/** What one process showed. */
export interface Part {
  /** Stands as the label `process` on what is about the process itself. */
  readonly process: string;
  readonly families: readonly MetricFamily[];
}

/**
 * Prepares what several processes show for being printed as one page, on which series of the same labels become
 * one: what is about a process itself stays apart by a label of its own. Pure.
 */
export function labelled({ process, families }: Part): MetricFamily[] {
  return families.map((family) => {
    if (!family.isOfProcess) return family;
    const values = family.values.map((value) => ({ ...value, labels: { ...value.labels, process } }));
    // No two series have the same labels, so that nothing is added up; but some would be left out or averaged.
    return { ...family, aggregator: "sum", values };
  });
}

/**
 * The totals of processes that are no more, so that sums do not fall when one ends. Only what counts the work of
 * all lasts: a gauge of a dead process is nothing.
 *
 * @returns `totals` with the counters in `families` added
 */
export function addTotals(
  totals: readonly MetricFamily[],
  families: readonly MetricFamily[],
): readonly MetricFamily[] {
  const sums = new Map(totals.map((family) => [family.name, family]));
  for (const family of families) {
    if (family.isOfProcess || !LASTING.includes(family.type)) continue;
    const before = sums.get(family.name)?.values ?? [];
    sums.set(family.name, { ...family, values: addValues(before, family.values) });
  }
  return [...sums.values()];
}

/** What only grows. */
const LASTING = ["counter", "histogram"];

/** A histogram's series differ in their names, too. */
function seriesOf({ metricName, labels }: MetricValue): string {
  return JSON.stringify([metricName, labels]);
}

function addValues(before: readonly MetricValue[], more: readonly MetricValue[]): MetricValue[] {
  const sums = new Map(before.map((value) => [seriesOf(value), value]));
  for (const value of more) {
    const key = seriesOf(value);
    sums.set(key, { ...value, value: value.value + (sums.get(key)?.value ?? 0) });
  }
  return [...sums.values()];
}

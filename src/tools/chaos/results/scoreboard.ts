import { styleText } from "node:util";
import { type Conditions, isGood, keyOf, type RunRecord } from "./record.ts";

/** Least, middle and most over the runs of a scenario. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

const MEASURES = [
  "sent",
  "acknowledged",
  "lost",
  "duplicated",
  "reordered",
  "rejected",
  "longestPauseMs",
] as const;
export type Measure = (typeof MEASURES)[number];

/** What the runs of one scenario came to. */
export interface Row {
  readonly conditions: Conditions;
  readonly runs: number;
  /** Runs in which nothing was wrong. */
  readonly good: number;
  readonly measures: Readonly<Record<Measure, Spread>>;
  /** Rejections by the error's name, over all runs. */
  readonly rejectedBy: Readonly<Record<string, number>>;
  readonly troubles: readonly string[];
}

/** Rows in the order in which their scenarios first appear. */
export function rowsOf(records: readonly RunRecord[]): Row[] {
  const groups = new Map<string, RunRecord[]>();
  for (const record of records) {
    const key = keyOf(record);
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups.values()].flatMap((group) => (group[0] === undefined ? [] : [rowOf(group[0], group)]));
}

function rowOf(
  { scenario, system, rate, channels, brokers, workers, publishMs }: RunRecord,
  runs: RunRecord[],
): Row {
  const spread = (measure: Measure): [Measure, Spread] => [
    measure,
    spreadOf(runs.map((run) => measured(run, measure))),
  ];
  return {
    conditions: { scenario, system, rate, channels, brokers, workers, publishMs },
    runs: runs.length,
    good: runs.filter(isGood).length,
    measures: Object.fromEntries(MEASURES.map(spread)) as Record<Measure, Spread>,
    rejectedBy: addUp(runs.map(({ rejected }) => rejected)),
    troubles: runs.flatMap(({ troubles }) => troubles),
  };
}

function measured(run: RunRecord, measure: Measure): number {
  switch (measure) {
    case "rejected":
      return Object.values(run.rejected).reduce((sum, count) => sum + count, 0);
    case "reordered":
      // Out of a publisher's order, or out of the order that another subscriber saw.
      return run.reordered + run.disagreed;
    case "longestPauseMs":
      return run.pause.longestMs;
    default:
      return run[measure];
  }
}

/** The median of an even number of values is the lower of the two in the middle. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (index: number): number => sorted[index] ?? 0;
  return { min: at(0), median: at(Math.floor((sorted.length - 1) / 2)), max: at(sorted.length - 1) };
}

function addUp(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total = new Map<string, number>();
  for (const each of counts)
    for (const [name, count] of Object.entries(each)) total.set(name, (total.get(name) ?? 0) + count);
  return Object.fromEntries(total);
}

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const FAULTS: readonly Measure[] = ["lost", "duplicated", "reordered"];
const TITLES: Readonly<Record<Measure, string>> = {
  sent: "SENT",
  acknowledged: "ACKNOWLEDGED",
  lost: "LOST",
  duplicated: "DOUBLED",
  reordered: "REORDERED",
  rejected: "REJECTED",
  longestPauseMs: "LONGEST PAUSE",
};

/** Rows as a table for people, the last line without an end. Of several runs: least / middle / most. */
export function toTable(rows: readonly Row[], colours: boolean): string {
  const paint = (colour: "red" | "green" | "bold" | "gray", text: string): string =>
    // The decision is the caller's; styleText would look at the stream of its own choice.
    colours ? styleText(colour, text, { validateStream: false }) : text;
  const header = ["SCENARIO", "RUNS", ...MEASURES.map((measure) => TITLES[measure])];
  const cells = rows.map(({ conditions, runs, measures }) => [
    conditions.scenario,
    String(runs),
    ...MEASURES.map((measure) => spreadText(measures[measure], measure, runs)),
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const pad = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0);
  const lines = cells.map((row, index) =>
    row
      .map((cell, column) => {
        const measure = MEASURES[column - 2];
        const isBad =
          measure !== undefined && FAULTS.includes(measure) && (rows[index]?.measures[measure].max ?? 0) > 0;
        return isBad ? paint("red", pad(cell, column)) : pad(cell, column);
      })
      .join("  "),
  );
  return [
    paint("bold", header.map(pad).join("  ")),
    ...lines,
    ...notesOf(rows).map((note) => paint("gray", note)),
  ].join("\n");
}

function spreadText({ min, median, max }: Spread, measure: Measure, runs: number): string {
  const shown = (value: number): string =>
    measure === "longestPauseMs" ? durationText(value) : NUMBER.format(value);
  if (runs === 1 || min === max) return shown(max);
  return `${shown(min)} / ${shown(median)} / ${shown(max)}`;
}

/** "38 ms", "4.2 s" */
function durationText(ms: number): string {
  return ms < 1000 ? `${NUMBER.format(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** What does not fit into the table: why publishes were rejected, and what went wrong with the runs. */
function notesOf(rows: readonly Row[]): string[] {
  return rows.flatMap(({ conditions: { scenario }, rejectedBy, troubles }) => [
    ...Object.entries(rejectedBy).map(
      ([name, count]) => `${scenario}: ${NUMBER.format(count)} rejected with ${name}`,
    ),
    ...troubles.map((trouble) => `${scenario}: ${trouble}`),
  ]);
}

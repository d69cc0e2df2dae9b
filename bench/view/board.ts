import { METRICS } from "../measure/measured.ts";
import type { Line } from "../record/lines.ts";
import { summaryOf } from "../record/statistics.ts";
import { costOf, dataOf, pointOf, ratioOf, runsOf } from "../report/data.ts";
import { cpuAt } from "../report/growth.ts";
import { spread } from "../report/markdown.ts";
import { keyOf, type Step } from "../suite/schedule.ts";

/** One row of the table: a comparison with one peer, or one point of a study. */
export interface Row {
  readonly key: string;
  readonly name: string;
  readonly against: string;
  /** "2/5": how often it has been measured, and is to be. */
  readonly done: string;
  readonly ours: string;
  readonly theirs: string;
  readonly ratio: string;
}

/** The row of a step, from all that has been measured. @param wanted how often it is to be measured in the end */
export function rowOf(step: Step, lines: readonly Line[], wanted: number): Row {
  const data = dataOf(lines);
  const key = keyOf(step);
  if (step.kind === "growth") {
    const runs = pointOf(data, step.study.name, step.value, step.contender);
    const name = `${step.study.name} ${step.value}`;
    const cost = withUnit(spread(cpuAt(runs)), METRICS.cpu.unit);
    const [ours, theirs] = step.contender === "scc" ? [cost, ""] : ["", cost];
    return { key, name, against: step.contender, done: `${runs.length}/${wanted}`, ours, theirs, ratio: "" };
  }
  const { scenario, peer } = step;
  const metric = METRICS[scenario.metric];
  const pairs = data.comparisons.filter((line) => line.scenario === scenario.name && line.peer === peer);
  const ours = summaryOf(pairs.map((line) => metric.of(line.ours)));
  const theirs = peer && costOf(runsOf(data, scenario.name, peer), metric);
  return {
    key,
    name: scenario.name,
    against: peer ?? "",
    done: `${pairs.length}/${wanted}`,
    ours: withUnit(spread(ours), metric.unit),
    theirs: withUnit(spread(theirs || undefined), metric.unit),
    ratio: peer === undefined ? "" : withUnit(spread(ratioOf(data, scenario.name, peer, metric)), "x"),
  };
}

function withUnit(text: string, unit: string): string {
  return text === "" ? "" : `${text} ${unit}`;
}

const TITLES = { name: "", against: "AGAINST", done: "DONE", ours: "SCC", theirs: "PEER", ratio: "RATIO" };
const COLUMNS = ["name", "against", "done", "ours", "theirs", "ratio"] as const;

/** The table as lines, titles first, none longer than `width`. */
export function tableLines(rows: readonly Row[], width: number): string[] {
  const all = [TITLES, ...rows];
  const widths = COLUMNS.map((column) => Math.max(...all.map((row) => row[column].length)));
  return all.map((row) =>
    COLUMNS.map((column, index) => row[column].padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd()
      .slice(0, width),
  );
}

/** "12 s", "4 min", "2 h 05 min" */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

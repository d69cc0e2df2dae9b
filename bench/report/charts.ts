import { barChart, type LineSeries, lineChart, type Spread } from "../../src/tools/bench/chart.ts";
import { CONTENDER_NAMES, type ContenderName } from "../contenders/contender.ts";
import { METRICS, type Measured, type MetricName } from "../measure/measured.ts";
import type { Summary } from "../record/statistics.ts";
import { STUDIES, type Study } from "../suite/studies.ts";
import { costOf, type Data, pointOf, runsOf } from "./data.ts";
import { cpuAt, memoryAt } from "./growth.ts";

interface BarPicture {
  readonly name: string;
  readonly title: string;
  readonly metric: MetricName;
  readonly scenarios: readonly string[];
  /** A tenth of another must still be seen. */
  readonly log: boolean;
}

const BARS: readonly BarPicture[] = [
  {
    name: "cpu",
    title: "One server: what a delivery costs",
    metric: "cpu",
    scenarios: ["fanout", "many", "mixed10", "mixed100", "big"],
    log: true,
  },
  {
    name: "latency",
    title: "One server, 20 publications per second to 1,000 subscribers: latency",
    metric: "p99",
    scenarios: ["latency"],
    log: false,
  },
  {
    name: "connect",
    title: "What a connection costs to make",
    metric: "connectCpu",
    scenarios: ["connect", "connect-jwt"],
    log: false,
  },
  {
    name: "idle",
    title: "What an idle, subscribed connection holds",
    metric: "memory",
    scenarios: ["idle"],
    log: false,
  },
  {
    name: "cluster",
    title: "A cluster, from one worker to another: what a delivery costs in all processes",
    metric: "cpu",
    scenarios: ["cluster-many", "cluster-fanout"],
    log: true,
  },
  {
    name: "cluster-latency",
    title: "A cluster, 1,000 publications per second from one worker to another: latency",
    metric: "p99",
    scenarios: ["cluster-latency"],
    log: false,
  },
];

/** All pictures that there is something for, as SVG text by name. */
export function chartsOf(data: Data): Map<string, string> {
  const bars = BARS.flatMap((picture) => barsOf(data, picture));
  return new Map([...bars, ...STUDIES.flatMap((study) => linesOf(data, study))]);
}

const WHOSE = {
  connecting: "memory that connecting and subscribing adds to all processes",
  worker: "memory of workers",
  broker: "memory of brokers",
  state: "memory of scc-state",
};

function barsOf(data: Data, { name, title, metric, scenarios, log }: BarPicture): [string, string][] {
  const contenders = CONTENDER_NAMES.filter((contender) =>
    scenarios.some((scenario) => runsOf(data, scenario, contender).length > 0),
  );
  const measured = scenarios.filter((scenario) => runsOf(data, scenario, "scc").length > 0);
  if (measured.length === 0) return [];
  const { name: what, unit } = METRICS[metric];
  const chart = barChart({
    title,
    label: "scenario",
    y: { label: `${what} (${unit})`, scale: log ? "log" : "linear" },
    series: contenders,
    looks: contenders.map(lookOf),
    groups: measured.map((scenario) => ({
      name: scenario,
      bars: contenders.map((contender) => bar(costOf(runsOf(data, scenario, contender), METRICS[metric]))),
    })),
  });
  return [[name, chart]];
}

/** A contender looks the same in all charts. */
function lookOf(contender: ContenderName): number {
  return CONTENDER_NAMES.indexOf(contender);
}

function bar(summary: Summary | undefined): Spread | undefined {
  return summary && { value: summary.median, low: summary.low, high: summary.high };
}

function linesOf(data: Data, study: Study): [string, string][] {
  if (!data.growth.some((line) => line.study === study.name)) return [];
  const { name, quantity, format, values, memory } = study;
  const x = { label: quantity, scale: "log", ticks: values, ...(format && { format }) } as const;
  const cpu = lineChart({
    title: `CPU per delivery by ${quantity}`,
    x,
    y: { label: "CPU per delivery, all server processes (µs)" },
    series: seriesOf(data, study, (runs) => cpuAt(runs)),
  });
  if (memory === undefined) return [[`${name}-cpu`, cpu]];
  const held = lineChart({
    title: `Memory per ${memory.unit} by ${quantity}`,
    x,
    y: { label: `${WHOSE[memory.of]}, per ${memory.unit} (${memory.size})` },
    series: seriesOf(data, study, (runs, value) => memoryAt(study, value, runs)),
  });
  return [
    [`${name}-cpu`, cpu],
    [`${name}-memory`, held],
  ];
}

function seriesOf(
  data: Data,
  { name, values, contenders }: Study,
  of: (runs: readonly Measured[], value: number) => Summary | undefined,
): LineSeries[] {
  const points = (contender: ContenderName) =>
    values.flatMap((value) => {
      const summary = of(pointOf(data, name, value, contender), value);
      return summary === undefined
        ? []
        : [{ x: value, y: summary.median, low: summary.low, high: summary.high }];
    });
  return contenders
    .map((contender) => ({ name: contender, points: points(contender), look: lookOf(contender) }))
    .filter(({ points }) => points.length > 0);
}

import { barChart, lineChart } from "../chart.ts";
import type { Latency } from "../plan.ts";
import { element, textElement } from "../svg.ts";
import type { Measured } from "./measured.ts";
import { describe, rowsOf, short, titleOf, whole } from "./rows.ts";

const STYLE = `
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; max-width: 760px; margin: 2rem auto; padding: 0 1rem; background: #fff; color: #14181f }
h1 { font-size: 1.4rem; margin-bottom: 0 }
.load { color: #3a4250; margin-top: .25rem }
table { border-collapse: collapse; margin: 1.5rem 0 }
th, td { text-align: left; padding: .2rem 1.2rem .2rem 0; vertical-align: top; font-weight: normal }
td { font-variant-numeric: tabular-nums }
th { color: #3a4250; white-space: pre }
tr.fault td, tr.fault th { color: #b00020; font-weight: 600 }
figure { margin: 2rem 0 }
figure svg { max-width: 100%; height: auto }
@media (prefers-color-scheme: dark) {
body { background: #0d1117; color: #f0f3f6 }
.load, th { color: #b6bec9 }
tr.fault td, tr.fault th { color: #ff7b72 }
}`;

/** A run as one HTML page that needs nothing from elsewhere. */
export function toHtml(measured: Measured): string {
  const title = `scc bench ${titleOf(measured)}`;
  const rows = rowsOf(measured).map(({ label, value, isFault = false }) =>
    element("tr", isFault ? { class: "fault" } : {}, [
      textElement("th", { scope: "row" }, label),
      textElement("td", {}, value),
    ]),
  );
  const charts = chartsOf(measured).map((chart) => element("figure", {}, [chart]));
  const stopped = measured.stopped ? "; stopped early" : "";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
${textElement("title", {}, title)}
<style>${STYLE}</style>
</head>
<body>
${textElement("h1", {}, title)}
${textElement("p", { class: "load" }, `${describe(measured.plan)}; ${measured.at}${stopped}`)}
${element("table", {}, [element("tbody", {}, rows)])}
${charts.join("\n")}
</body>
</html>
`;
}

function chartsOf({ result }: Measured): string[] {
  const { samples, deliveryLatency, acknowledgeLatency } = result;
  if (deliveryLatency.count === 0) return [];
  const x = { label: "seconds since the window opened", format: short };
  const ms = { label: "latency (ms)", scale: "log", format: short } as const;
  const points = (value: (index: number) => number) =>
    samples.map(({ second }, index) => ({ x: second, y: value(index) }));
  const lengthOf = (index: number): number => {
    const { second = 0 } = samples[index] ?? {};
    return second - (samples[index - 1]?.second ?? 0);
  };
  return [
    lineChart({
      title: "Deliveries over time",
      x,
      y: { label: "deliveries per second", format: whole },
      series: [
        {
          name: "delivered",
          points: points((index) => (samples[index]?.delivered ?? 0) / Math.max(0.001, lengthOf(index))),
        },
      ],
    }),
    lineChart({
      title: "Latency over time",
      x,
      y: ms,
      series: [
        { name: "p50", points: points((index) => samples[index]?.p50 ?? 0) },
        { name: "p99", points: points((index) => samples[index]?.p99 ?? 0) },
      ],
    }),
    barChart({
      title: "Latency, from the intended time of sending",
      label: "percentile",
      y: ms,
      series: ["delivered", "acknowledged"],
      groups: PERCENTILES.map(([name, of]) => ({
        name,
        bars: [{ value: of(deliveryLatency) }, { value: of(acknowledgeLatency) }],
      })),
    }),
  ];
}

const PERCENTILES: readonly (readonly [string, (latency: Latency) => number])[] = [
  ["p50", ({ p50 }) => p50],
  ["p90", ({ p90 }) => p90],
  ["p99", ({ p99 }) => p99],
  ["p99.9", ({ p999 }) => p999],
  ["max", ({ max }) => max],
];

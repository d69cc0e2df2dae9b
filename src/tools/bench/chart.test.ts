import { describe, expect, it } from "vitest";
import { type BarChart, barChart, type LineChart, lineChart } from "./chart.ts";

const LINES: LineChart = {
  title: "Cost by channels",
  x: { label: "channels", scale: "log", ticks: [1000, 10_000, 50_000] },
  y: { label: "CPU per delivery (µs)" },
  series: [
    {
      name: "ours",
      points: [
        { x: 50_000, y: 3 },
        { x: 1000, y: 1, low: 0.5, high: 2 },
        { x: 10_000, y: 2 },
      ],
    },
    {
      name: "theirs",
      points: [
        { x: 1000, y: 10 },
        { x: 10_000, y: 12 },
      ],
    },
  ],
};

const BARS: BarChart = {
  title: "Cost by server",
  label: "scenario",
  y: { label: "CPU per delivery (µs)" },
  series: ["ours", "theirs"],
  groups: [
    { name: "fanout", bars: [{ value: 1, low: 0.8, high: 1.2 }, { value: 20 }] },
    { name: "many", bars: [{ value: 15 }, undefined] },
  ],
};

describe("A line chart", () => {
  it("has a title, a summary for those who cannot see it, labels with units and a legend", () => {
    const svg = lineChart(LINES);

    expect(svg).toMatch(/^<svg [^>]*role="img"/);
    expect(svg).toContain("<title>Cost by channels</title>");
    expect(svg).toContain("ours: 1 at 1k, 2 at 10k, 3 at 50k. theirs: 10 at 1k, 12 at 10k.");
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining(["ours", "theirs", "channels", "CPU per delivery (µs)", "1k", "10k", "50k"]),
    );
    expect(svg).toContain("prefers-color-scheme: dark");
  });

  it("draws points from left to right, higher values higher", () => {
    const [first, second] = pathsOf(lineChart(LINES), "line");

    const ours = coordinates(first!);
    const [left, right] = [ours[0]!, ours.at(-1)!];
    expect(ours).toHaveLength(3);
    expect(left[0]).toBeLessThan(right[0]!);
    expect(left[1]).toBeGreaterThan(right[1]!);
    // A tenfold value is a step of the same length everywhere on a logarithmic axis.
    const theirs = coordinates(second!);
    expect(theirs[1]![0]! - theirs[0]![0]!).toBeCloseTo(ours[1]![0]! - ours[0]![0]!, 1);
  });

  it("shows the spread of a series that has one, and of no other", () => {
    expect(pathsOf(lineChart(LINES), "band")).toHaveLength(1);
  });

  it("leaves out what its axes cannot show, and says so when nothing is left", () => {
    const points = [
      { x: 0, y: 1 },
      { x: 1, y: Number.NaN },
      { x: 1, y: Number.POSITIVE_INFINITY },
    ];
    const svg = lineChart({ ...LINES, series: [{ name: "broken", points }] });

    expect(textsOf(svg)).toEqual(expect.arrayContaining(["broken", "no data"]));
    expect(pathsOf(svg, "line")).toEqual([]);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("ends a spread that reaches zero at the bottom of a logarithmic axis", () => {
    const point = { x: 1000, y: 5, low: 0, high: 50 };
    const svg = lineChart({
      ...LINES,
      y: { label: "µs", scale: "log" },
      series: [{ name: "a", points: [point] }],
    });

    expect(pathsOf(svg, "band")).toHaveLength(1);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });

  it("gives a series the same look wherever it stands, if it is told to", () => {
    const [first, second] = LINES.series;
    const alone = lineChart({ ...LINES, series: [{ ...second!, look: 1 }] });
    const beside = lineChart({ ...LINES, series: [first!, second!] });
    const look = (svg: string) => svg.match(/class="(s\d) line"(?: stroke-dasharray="([\d ]+)")?/g)?.at(-1);

    expect(look(alone)).toBe(look(beside));
    expect(look(alone)).toContain("s1");
    expect(barChart({ ...BARS, looks: [3, 5] })).toMatch(/<rect class="s3".*<rect class="s5"/s);
  });

  it("styles nothing but itself, and has no ids that another chart in the same page has too", () => {
    const svg = lineChart(LINES);
    const [, style = ""] = svg.match(/<style>([^<]*)<\/style>/)!;
    const rules = style.split("\n").filter((rule) => /\{.+\}/.test(rule));

    expect(rules.length).toBeGreaterThan(20);
    expect(rules.filter((rule) => !rule.startsWith(".scc-chart "))).toEqual([]);
    expect(svg).not.toMatch(/ id="/);
  });

  it("lets no text of others become markup", () => {
    const svg = lineChart({ ...LINES, title: '<script>"&\u0000', series: [{ name: "a<b>", points: [] }] });

    expect(svg).toContain("&lt;script&gt;&quot;&amp;\ufffd");
    expect(svg).toContain("a&lt;b&gt;");
    expect(svg).not.toContain("<script");
  });
});

describe("A bar chart", () => {
  it("has a bar per value, and leaves the place of a missing one empty", () => {
    const bars = barsOf(barChart(BARS));

    expect(bars).toHaveLength(3);
    const [ours, theirs, many] = bars;
    expect(theirs!.height / ours!.height).toBeCloseTo(20, 0);
    expect(theirs!.x).toBeGreaterThan(ours!.x);
    expect(many!.x).toBeGreaterThan(theirs!.x);
  });

  it("says each value, and draws whiskers where there is a spread", () => {
    const svg = barChart(BARS);

    expect(textsOf(svg)).toEqual(expect.arrayContaining(["fanout", "many", "1", "20", "15"]));
    expect(pathsOf(svg, "whisker")).toHaveLength(1);
    expect(svg).toContain("fanout: ours 1, theirs 20. many: ours 15, theirs no data.");
  });

  it("gives the smallest bar some height on a logarithmic axis", () => {
    const bars = barsOf(barChart({ ...BARS, y: { label: "µs", scale: "log" } }));

    expect(Math.min(...bars.map(({ height }) => height))).toBeGreaterThan(20);
  });

  it("shows a limit with its name, inside of the picture even if every bar is lower", () => {
    const svg = barChart({ ...BARS, limit: { value: 100, label: "target" } });

    const [, y] = svg.match(/class="limit"[^>]* y1="([\d.]+)"/)!;
    expect(textsOf(svg)).toContain("target");
    expect(Number(y)).toBeGreaterThan(0);
    expect(Number(y)).toBeLessThan(barsOf(svg)[1]!.y);
  });

  it("without any groups says that there is nothing", () => {
    const svg = barChart({ ...BARS, groups: [] });

    expect(textsOf(svg)).toContain("no data");
    expect(svg).not.toMatch(/NaN|Infinity/);
  });
});

function textsOf(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = ""]) => text);
}

function pathsOf(svg: string, style: string): string[] {
  return [...svg.matchAll(new RegExp(`<path class="(?:s\\d )?${style}"[^>]* d="([^"]*)"`, "g"))].map(
    ([, path = ""]) => path,
  );
}

function coordinates(path: string): number[][] {
  return path
    .split(/[MLZ]/)
    .filter((pair) => pair !== "")
    .map((pair) => pair.split(",").map(Number));
}

function barsOf(svg: string): { x: number; y: number; height: number }[] {
  const bars = svg.matchAll(/<rect class="s\d" x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/g);
  return [...bars].map(([, x, y, height]) => ({ x: Number(x), y: Number(y), height: Number(height) }));
}

import { area as d3Area, line as d3Line } from "d3-shape";
import {
  type Area,
  type Axis,
  baseline,
  dashOf,
  formatted,
  horizontalAxis,
  isUsable,
  labelBelow,
  markAt,
  nothing,
  picture,
  type Scale,
  type Size,
  scaleOf,
  seriesClass,
  verticalAxis,
} from "./chart-frame.ts";
import { element, textElement } from "./svg.ts";

export type { Axis } from "./chart-frame.ts";

/** A value with its spread. */
export interface Spread {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

export interface LinePoint {
  readonly x: number;
  readonly y: number;
  /** Spread of y: drawn as a band. */
  readonly low?: number;
  readonly high?: number;
}

export interface LineSeries {
  readonly name: string;
  readonly points: readonly LinePoint[];
  /** Number of its colour, mark and dashes, so that it has the same in several charts; default: its place. */
  readonly look?: number;
}

export interface LineChart extends Size {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly LineSeries[];
}

export interface BarGroup {
  readonly name: string;
  /** One per series, in the order of `series`; undefined leaves its place empty. */
  readonly bars: readonly (Spread | undefined)[];
}

/** A horizontal line that values are to stay below. */
export interface Limit {
  readonly value: number;
  readonly label: string;
}

export interface BarChart extends Size {
  readonly title: string;
  /** What the groups are. */
  readonly label: string;
  readonly y: Axis;
  /** Names of the bars of a group. */
  readonly series: readonly string[];
  /** Numbers of their colours, so that they have the same in several charts; default: their places. */
  readonly looks?: readonly number[];
  readonly groups: readonly BarGroup[];
  readonly limit?: Limit;
}

const WHISKER = 5;

/**
 * A line per series through its points in the order of x, as SVG text. Points that the axes cannot show (not
 * finite, not above zero on a logarithmic axis) are left out, and a series without any stays in the legend.
 */
export function lineChart(chart: LineChart): string {
  const { title, x, y } = chart;
  const series = chart.series.map(({ name, points, look }, place) => ({
    name,
    look: look ?? place,
    points: points
      .filter((point) => isUsable(x.scale, point.x) && isUsable(y.scale, point.y))
      .toSorted((a, b) => a.x - b.x),
  }));
  const all = series.flatMap(({ points }) => points);
  return picture(title, summaryOf(chart, series), series, chart, (area) => {
    const across = scaleOf(
      x,
      all.map((point) => point.x),
      [area.left, area.right],
    );
    const heights = all.flatMap(({ y, low = y, high = y }) => [y, low, high]);
    const up = scaleOf(y, heights, [area.bottom, area.top]);
    return [
      ...verticalAxis(y, up, area),
      ...horizontalAxis(x, across, area),
      ...(all.length === 0 ? [nothing(area)] : []),
      ...series.flatMap(({ points, look }) =>
        drawLine(points, look, { x: across, y: up, bottom: area.bottom }),
      ),
    ];
  });
}

/**
 * Groups of bars, one per series and group, with whiskers from the lowest to the highest value, as SVG text.
 * Each bar says its value. What the axis cannot show is left out.
 */
export function barChart(chart: BarChart): string {
  const { title, y, series, groups, limit } = chart;
  const bars = groups.flatMap((group) => group.bars).filter((bar) => isUsable(y.scale, bar?.value));
  const values = bars.flatMap((bar) => (bar ? [bar.value, bar.low ?? bar.value, bar.high ?? bar.value] : []));
  if (limit) values.push(limit.value);
  const legend = series.map((name, place) => ({ name, look: lookOf(chart, place) }));
  return picture(title, barSummary(chart), legend, chart, (area) => {
    const scale = scaleOf(lowered(y, values), values, [area.bottom, area.top]);
    return [
      ...verticalAxis(y, scale, area),
      ...groups.flatMap((group, index) => drawGroup(chart, group, index, { area, scale })),
      ...(bars.length === 0 ? [nothing(area)] : []),
      ...(limit ? drawLimit(limit, scale, area) : []),
      baseline(area),
      labelBelow(chart.label, area),
    ];
  });
}

interface Scales {
  readonly x: Scale;
  readonly y: Scale;
  readonly bottom: number;
}

function drawLine(points: readonly LinePoint[], look: number, { x, y, bottom }: Scales): string[] {
  if (points.length === 0) return [];
  const style = seriesClass(look);
  // Zero has no place on a logarithmic axis: a spread down to it ends at the bottom.
  const height = (value: number): number => (Number.isFinite(y(value)) ? y(value) : bottom);
  const band = d3Area<LinePoint>(
    (point) => x(point.x),
    (point) => height(point.low ?? point.y),
    (point) => height(point.high ?? point.y),
  );
  const path = d3Line<LinePoint>(
    (point) => x(point.x),
    (point) => y(point.y),
  );
  const hasSpread = points.some(({ low, high }) => low !== undefined || high !== undefined);
  return [
    ...(hasSpread ? [element("path", { class: `${style} band`, d: band([...points]) ?? "" })] : []),
    element("path", {
      class: `${style} line`,
      "stroke-dasharray": dashOf(look),
      d: path([...points]) ?? "",
    }),
    // Many points, as of a value per second, would hide their line behind marks.
    ...(points.length <= 24 ? points.map((point) => markAt(look, x(point.x), y(point.y))) : []),
  ];
}

function lookOf({ looks }: BarChart, place: number): number {
  return looks?.[place] ?? place;
}

interface Place {
  readonly area: Area;
  readonly scale: Scale;
}

function drawGroup(chart: BarChart, { name, bars }: BarGroup, index: number, place: Place): string[] {
  const { area } = place;
  const step = (area.right - area.left) / chart.groups.length;
  const width = Math.min(56, (step * 0.8) / Math.max(1, chart.series.length));
  const middle = area.left + step * (index + 0.5);
  const start = middle - (width * chart.series.length) / 2;
  return [
    textElement("text", { x: middle, y: area.bottom + 18, "text-anchor": "middle" }, name),
    ...bars.flatMap((bar, series) =>
      bar && isUsable(chart.y.scale, bar.value)
        ? drawBar(chart.y, bar, lookOf(chart, series), { ...place, x: start + width * series, width })
        : [],
    ),
  ];
}

function drawBar(
  axis: Axis,
  { value, low = value, high = value }: Spread,
  look: number,
  { area, scale, x, width }: Place & { x: number; width: number },
): string[] {
  const height = (of: number): number => (isUsable(axis.scale, of) ? scale(of) : area.bottom);
  const middle = x + width / 2;
  const whisker = `M${middle - WHISKER} ${height(low)}h${2 * WHISKER}M${middle} ${height(low)}V${height(high)}M${middle - WHISKER} ${height(high)}h${2 * WHISKER}`;
  return [
    element("rect", {
      class: seriesClass(look),
      x: x + 2,
      y: height(value),
      width: Math.max(1, width - 4),
      height: Math.max(0, area.bottom - height(value)),
    }),
    ...(low < high ? ["halo", "whisker"].map((style) => element("path", { class: style, d: whisker })) : []),
    textElement("text", { x: middle, y: height(high) - 6, "text-anchor": "middle" }, formatted(axis, value)),
  ];
}

function drawLimit({ value, label }: Limit, scale: Scale, { left, right }: Area): string[] {
  const y = scale(value);
  return [
    element("line", { class: "limit", x1: left, x2: right, y1: y, y2: y }),
    textElement("text", { x: right - 4, y: y - 5, "text-anchor": "end" }, label),
  ];
}

/** On a logarithmic axis even the smallest bar needs some height. */
function lowered(axis: Axis, values: readonly number[]): Axis {
  const usable = values.filter((value) => isUsable(axis.scale, value));
  if (axis.scale !== "log" || usable.length === 0) return axis;
  const decade = 10 ** Math.floor(Math.log10(Math.min(...usable) / 1.5));
  return { ...axis, ticks: axis.ticks ?? decadesFrom(decade, Math.max(...usable)) };
}

function decadesFrom(first: number, highest: number): number[] {
  const decades = [first];
  for (let next = first; next < highest; ) {
    next *= 10;
    decades.push(next);
  }
  return decades;
}

function summaryOf({ x, y }: LineChart, series: readonly LineSeries[]): string {
  const lines = series.map(({ name, points }) => {
    const shown =
      points.length <= 12 ? points : [points[0], points.at(-1)].filter((point) => point !== undefined);
    const values = shown.map((point) => `${formatted(y, point.y)} at ${formatted(x, point.x)}`);
    return `${name}: ${values.join(", ") || "no data"}.`;
  });
  return `${y.label} by ${x.label}. ${lines.join(" ")}`;
}

function barSummary({ y, label, series, groups }: BarChart): string {
  const lines = groups.map(({ name, bars }) => {
    const values = series.map((of, index) => {
      const bar = bars[index];
      return `${of} ${bar ? formatted(y, bar.value) : "no data"}`;
    });
    return `${name}: ${values.join(", ")}.`;
  });
  return `${y.label} by ${label}. ${lines.join(" ")}`;
}

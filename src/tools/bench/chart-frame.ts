import { scaleLinear, scaleLog } from "d3-scale";
import {
  symbol,
  symbolCircle,
  symbolCross,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
} from "d3-shape";
import { element, textElement } from "./svg.ts";

/** One axis of a chart. */
export interface Axis {
  /** What it shows, with its unit: "CPU per delivery (µs)". */
  readonly label: string;
  /** Default linear. A logarithmic axis leaves out what is not above zero. */
  readonly scale?: "linear" | "log";
  /** Where it has marks; absent: at round numbers. */
  readonly ticks?: readonly number[];
  /** How its numbers are written; absent: `shortNumber`. */
  readonly format?: (value: number) => string;
}

export interface Size {
  /** Pixels; default 720. */
  readonly width?: number;
  /** Pixels; default 400. */
  readonly height?: number;
}

/** A series as the legend names it. */
export interface LegendItem {
  readonly name: string;
  /** Number of its colour, mark and dashes. */
  readonly look: number;
}

/** A d3 scale, as far as charts use it. */
export interface Scale {
  (value: number): number;
  domain(): number[];
  ticks(count?: number): number[];
}

/** Where in the picture the values are drawn, pixels. */
export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const WIDTH = 720;
const HEIGHT = 400;
const PADDING = 16;
const LEFT = 60;
/** Half of the last number below. */
const RIGHT = 16;
const BELOW = 52;
const LINE = 20;
const MARK_AREA = 46;
/** About how wide a character is in the font below, pixels: text cannot be measured here. */
const CHARACTER = 6.6;

/** Okabe and Ito's colours, told apart with any colour vision: on white, and lighter on dark. */
const COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ["#0072b2", "#56b4e9"],
  ["#d55e00", "#ff8a3d"],
  ["#00805d", "#2cc79b"],
  ["#b0508a", "#e39bc4"],
  ["#8a6d00", "#f0e442"],
  ["#4d4d4d", "#c9c9c9"],
];

const LIGHT = [
  "text { font: 12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif }",
  "text { fill: #3a4250; stroke: #ffffff; stroke-width: 3; paint-order: stroke }",
  ".title { font-size: 15px; font-weight: 600; fill: #14181f }",
  ".paper { fill: #ffffff }",
  ".grid { stroke: #e3e6ea }",
  ".axis { stroke: #6b7280 }",
  ".limit { stroke: #6b7280; stroke-dasharray: 6 4 }",
  ".whisker { stroke: #14181f; stroke-width: 1.5; fill: none }",
  ".halo { stroke: #ffffff; stroke-width: 4; fill: none; opacity: 0.6 }",
  ...COLOURS.map(([light], look) => `.s${look} { stroke: ${light}; fill: ${light} }`),
];

const DARK = [
  "text { fill: #b6bec9; stroke: #0d1117 }",
  ".title { fill: #f0f3f6 }",
  ".paper { fill: #0d1117 }",
  ".grid { stroke: #262c36 }",
  ".axis { stroke: #8b949e }",
  ".limit { stroke: #8b949e }",
  ".whisker { stroke: #f0f3f6 }",
  ".halo { stroke: #0d1117 }",
  ...COLOURS.map(([, dark], look) => `.s${look} { stroke: ${dark}; fill: ${dark} }`),
];

/** What stands above the colour of a series in both. */
const ALWAYS = [
  ".line { fill: none; stroke-width: 2; stroke-linejoin: round }",
  ".band { opacity: 0.15; stroke: none }",
];

/** For charts only, where they stand in a page with other things. */
function scoped(rules: readonly string[]): string {
  return rules.map((rule) => `.scc-chart ${rule}`).join("\n");
}

const STYLE = `
${scoped(LIGHT)}
@media (prefers-color-scheme: dark) {
${scoped(DARK)}
}
${scoped(ALWAYS)}
`;

const MARKS = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond, symbolStar, symbolCross];
const DASHES = [undefined, "7 3", "2 3", "9 3 2 3"];

/** The class of a series: its colour. */
export function seriesClass(look: number): string {
  return `s${look % COLOURS.length}`;
}

/** The dashes of a series' line, which repeat later than its colour. */
export function dashOf(look: number): string | undefined {
  return DASHES[look % DASHES.length];
}

/** The mark of a series at a point. */
export function markAt(look: number, x: number, y: number): string {
  const shape = MARKS[look % MARKS.length] ?? symbolCircle;
  return element("path", {
    class: seriesClass(look),
    d: symbol(shape, MARK_AREA)() ?? "",
    transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})`,
  });
}

/**
 * The whole picture: title, legend, and what `draw` puts into the area that is left.
 *
 * @param summary what somebody is told who cannot see it
 */
export function picture(
  title: string,
  summary: string,
  legend: readonly LegendItem[],
  { width = WIDTH, height = HEIGHT }: Size,
  draw: (area: Area) => readonly string[],
): string {
  const { rows, items } = legendOf(legend, width);
  const top = PADDING + LINE + rows * LINE + LINE + 12;
  const area = { left: PADDING + LEFT, right: width - PADDING - RIGHT, top, bottom: height - BELOW };
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      class: "scc-chart",
      role: "img",
      // By text, not by id: a page may have several charts in it.
      "aria-label": `${title}. ${summary}`,
    },
    [
      textElement("title", {}, title),
      textElement("desc", {}, summary),
      element("style", {}, [STYLE]),
      element("rect", { class: "paper", width, height, rx: 6 }),
      textElement("text", { class: "title", x: PADDING, y: PADDING + 12 }, title),
      ...items,
      ...draw(area),
    ],
  );
}

/** A scale over some values: from zero up where it is linear, whole steps where it is logarithmic. */
export function scaleOf(
  { scale, ticks = [] }: Axis,
  values: readonly number[],
  range: [number, number],
): Scale {
  const usable = [...values, ...ticks].filter((value) => isUsable(scale, value));
  if (scale !== "log") {
    const top = Math.max(0, ...usable);
    return scaleLinear(
      [Math.min(0, ...usable), top === 0 && usable.every((value) => value === 0) ? 1 : top],
      range,
    ).nice(5);
  }
  const low = usable.length === 0 ? 1 : Math.min(...usable);
  const high = usable.length === 0 ? 10 : Math.max(...usable);
  return scaleLog([low, high === low ? low * 10 : high], range);
}

/** Whether a value has a place on an axis. */
export function isUsable(scale: Axis["scale"], value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && (scale !== "log" || value > 0);
}

/** The vertical axis: its label above it, and lines through the area. */
export function verticalAxis(axis: Axis, scale: Scale, { left, right, top }: Area): string[] {
  const label = textElement("text", { x: PADDING, y: top - 14 }, axis.label);
  const marks = ticksOf(axis, scale).flatMap((value) => {
    const y = scale(value);
    return [
      element("line", { class: "grid", x1: left, x2: right, y1: y, y2: y }),
      textElement("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, formatted(axis, value)),
    ];
  });
  return [label, ...marks];
}

/** The horizontal axis, with numbers. */
export function horizontalAxis(axis: Axis, scale: Scale, area: Area): string[] {
  const marks = ticksOf(axis, scale).flatMap((value) => [
    element("line", {
      class: "axis",
      x1: scale(value),
      x2: scale(value),
      y1: area.bottom,
      y2: area.bottom + 5,
    }),
    textElement(
      "text",
      { x: scale(value), y: area.bottom + 18, "text-anchor": "middle" },
      formatted(axis, value),
    ),
  ]);
  return [baseline(area), ...marks, labelBelow(axis.label, area)];
}

export function baseline({ left, right, bottom }: Area): string {
  return element("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom });
}

export function labelBelow(label: string, { left, right, bottom }: Area): string {
  return textElement("text", { x: (left + right) / 2, y: bottom + 38, "text-anchor": "middle" }, label);
}

/** What stands in an area that has nothing to show. */
export function nothing({ left, right, top, bottom }: Area): string {
  const at = { x: (left + right) / 2, y: (top + bottom) / 2, "text-anchor": "middle" };
  return textElement("text", at, "no data");
}

export function formatted(axis: Axis, value: number): string {
  return (axis.format ?? shortNumber)(value);
}

/** Three significant digits, thousands as k and millions as M: 0.123, 12.3, 1.5k, 20k, 3M. */
export function shortNumber(value: number): string {
  const units: readonly (readonly [size: number, name: string])[] = [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ];
  const [size, name] = units.find(([size]) => Math.abs(value) >= size) ?? [1, ""];
  return `${Number((value / size).toPrecision(3))}${name}`;
}

/** Below a hundredfold range a logarithmic axis has marks at 1, 2 and 5, above at 1. */
function ticksOf({ scale: kind, ticks }: Axis, scale: Scale): readonly number[] {
  if (ticks !== undefined) return ticks.filter((value) => isUsable(kind, value));
  if (kind !== "log") return scale.ticks(6);
  const [low = 1, high = 10] = scale.domain();
  const leading = high / low < 100 ? ["1", "2", "5"] : ["1"];
  return scale.ticks().filter((value) => leading.includes(value.toExponential(0).charAt(0)));
}

function legendOf(legend: readonly LegendItem[], width: number): { rows: number; items: string[] } {
  let x = PADDING;
  let row = 0;
  const items = legend.flatMap(({ name, look }) => {
    const needed = 18 + name.length * CHARACTER + 18;
    if (x > PADDING && x + needed > width - PADDING) {
      x = PADDING;
      row += 1;
    }
    const y = PADDING + LINE + 12 + row * LINE;
    const item = [markAt(look, x + 6, y), textElement("text", { x: x + 18, y: y + 4 }, name)];
    x += needed;
    return item;
  });
  return { rows: legend.length === 0 ? 0 : row + 1, items };
}

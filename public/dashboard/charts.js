import { byId, element, setText } from "./format.js";
import { colour } from "./theme.js";
import uPlot from "./uplot.js";

/** Points that a chart keeps: three minutes. */
const KEPT = 180;
/** Seconds that a chart shows at least. */
const LEAST = 30;
const HEIGHT = 120;

/** A card with what a number is now, and how it went for three minutes. */
export class Chart {
  #format;
  #read;
  #value;
  #note;
  #noteOf;
  #plot;
  #data;
  #latest;

  /**
   * `series`: [{label, colour}], each a line; `read(picture)`: the value of each, undefined where there is none;
   * `steps`: distances of the lines behind it;
   * `big(picture)`: the number in large letters; `note(picture)`: what stands below it
   */
  constructor({ title, series, format, read, big, note, steps }) {
    this.#format = format;
    this.#read = read;
    this.#noteOf = note;
    this.big = big;
    this.#data = [[], ...series.map(() => [])];
    const card = element("section", "card chart");
    const heading = element("div", "chart-head");
    heading.append(element("h2", "", title), keyOf(series));
    this.#value = element("p", "value", "–");
    this.#note = element("p", "soft note", " ");
    const box = element("div", "plot");
    box.setAttribute("aria-hidden", "true");
    card.append(heading, this.#value, this.#note, box);
    byId("charts").append(card);
    this.#plot = new uPlot(
      options({ series, format, steps }, box.clientWidth, (index) => this.#point(index)),
      this.#data,
      box,
    );
    new ResizeObserver(() => this.#plot.setSize({ width: box.clientWidth, height: HEIGHT })).observe(box);
  }

  add(picture) {
    const [times, ...lines] = this.#data;
    times.push(picture.at / 1000);
    for (const [index, value] of this.#read(picture).entries()) lines[index].push(value ?? null);
    if (times.length > KEPT) for (const list of this.#data) list.shift();
    this.#plot.setData(this.#data, false);
    const end = times.at(-1);
    this.#plot.setScale("x", { min: Math.max(end - KEPT, Math.min(times[0], end - LEAST)), max: end });
    setText(this.#value, this.big(picture));
    this.#latest = this.#noteOf(picture);
    if (this.#plot.cursor.idx == null) setText(this.#note, this.#latest);
  }

  redraw() {
    this.#plot.redraw();
  }

  /** Shows what was at the point under the pointer. */
  #point(index) {
    if (index == null || this.#data[0][index] === undefined) {
      if (this.#latest !== undefined) setText(this.#note, this.#latest);
      return;
    }
    const labels = this.#plot.series.slice(1).map(({ label }) => label);
    const values = labels.map((label, line) => `${label} ${this.#format(this.#data[line + 1][index])}`);
    const time = new Date(this.#data[0][index] * 1000).toLocaleTimeString([], { hour12: false });
    setText(this.#note, `${time} · ${values.join(" · ")}`);
  }
}

/** Which line is what, where there are several. */
function keyOf(series) {
  const key = element("ul", "key");
  key.setAttribute("aria-hidden", "true");
  if (series.length > 1) key.append(...series.map(({ label, colour: name }) => element("li", name, label)));
  return key;
}

function options({ series, format, steps }, width, point) {
  const font = '11px system-ui, "Noto Sans", "DejaVu Sans", sans-serif';
  const axis = { stroke: () => colour("soft"), font, ticks: { show: false } };
  return {
    width: Math.max(100, width),
    height: HEIGHT,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: true, auto: false },
      // Never a whole chart for nothing: what is all zero lies on the ground.
      y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.15 : 1] },
    },
    axes: [
      { ...axis, size: 22, space: 70, grid: { show: false }, values: "{HH}:{mm}:{ss}" },
      {
        ...axis,
        size: 46,
        space: 30,
        ...(steps && { incrs: steps }),
        grid: { stroke: () => colour("line"), width: 1 },
        values: (_plot, values) => values.map((value) => format(value)),
      },
    ],
    series: [
      {},
      ...series.map(({ label, colour: name, fill }) => ({
        label,
        width: 1.75,
        stroke: () => colour(name),
        ...(fill && { fill: () => colour("accent-wash") }),
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: { setCursor: [(plot) => point(plot.cursor.idx)] },
  };
}

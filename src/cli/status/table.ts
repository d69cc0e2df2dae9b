import { styleText } from "node:util";
import { visible } from "../../runtime/visible.ts";
import { isWell, type Member, type Picture } from "./picture.ts";

export interface TableStyle {
  /** Columns of the terminal; no line is longer. */
  readonly width: number;
  /** Lines there are; `Infinity` where it is no terminal. */
  readonly height: number;
  readonly colours: boolean;
}

interface Column {
  readonly title: string;
  readonly cell: (member: Member) => string;
  readonly right?: boolean;
}

type Colour = "green" | "yellow" | "red" | "gray" | "bold";

const NAME: Column = { title: "PROCESS", cell: ({ name }) => printable(name) };
const ROLE: Column = { title: "ROLE", cell: ({ role, isUpstream }) => (isUpstream ? "upstream" : role) };
const STATE: Column = { title: "STATE", cell: ({ state }) => printable(state) };
const SHARE: Column = { title: "OWNS", cell: ({ share }) => percent(share), right: true };
const HOLDS: Column = {
  title: "HOLDS",
  cell: ({ role, numbers = {} }) => count(role === "broker" ? numbers.channels : numbers.connections),
  right: true,
};
const RATE: Column = {
  title: "PER S",
  cell: ({ role, perSecond = {} }) => count(role === "broker" ? perSecond.messages : perSecond.deliveries),
  right: true,
};
const CPU: Column = { title: "CPU", cell: ({ cpu }) => percent(cpu), right: true };
const MEMORY: Column = { title: "MEMORY", cell: ({ rssBytes }) => megabytes(rssBytes), right: true };

/** What is left out first where the terminal is too narrow stands last. */
const LAYOUTS: readonly (readonly Column[])[] = [
  [NAME, ROLE, STATE, SHARE, HOLDS, RATE, CPU, MEMORY],
  [NAME, STATE, HOLDS, RATE, CPU, MEMORY],
  [NAME, STATE, RATE, CPU],
  [NAME, STATE],
];
const GAP = "  ";
const HOT_SHOWN = 5;
const MOST_NAME = 60;

/** The cluster as lines for people: what it does, its members, its hottest channels. */
export function renderCluster(picture: Picture, style: TableStyle): string[] {
  const { members, unlisted } = picture;
  const head = headOf(picture, style);
  const room = Math.max(1, style.height - head.length - 2);
  const shown = members.length <= room ? members : troubledFirst(members).slice(0, Math.max(1, room - 1));
  const hidden = members.length - shown.length + unlisted;
  const lines = [...head, "", ...tableOf(shown, style)];
  if (hidden > 0) lines.push(paint(style, "gray", cut(`and ${hidden} more`, style.width)));
  const hot = hotOf(picture, style);
  if (hot.length > 0 && lines.length + hot.length + 1 <= style.height) lines.push("", ...hot);
  return lines.slice(0, style.height);
}

function headOf({ ring, totals, state, release }: Picture, style: TableStyle): string[] {
  const { connections, subscriptions, channels, publishes, deliveries, latencyP50, latencyP99 } = totals;
  const settled = ring.settled ? "settled" : "changing";
  const ringText = ring.counter === 0 ? "no ring yet" : `ring ${ring.counter}, ${settled}, ${ring.placement}`;
  const latency =
    latencyP50 === undefined ? "" : `, acknowledged in ${ms(latencyP50)} (99 %: ${ms(latencyP99)})`;
  return [
    paint(
      style,
      "bold",
      cut(`scc-state ${printable(state.id)} ${printable(release)}: ${ringText}`, style.width),
    ),
    cut(
      `${count(connections)} clients, ${count(subscriptions)} subscriptions, ${count(channels)} channels`,
      style.width,
    ),
    cut(`${count(publishes)} publishes/s, ${count(deliveries)} deliveries/s${latency}`, style.width),
  ];
}

function tableOf(members: readonly Member[], style: TableStyle): string[] {
  const columns = LAYOUTS.find((layout) => widthOf(layout, members) <= style.width) ?? [NAME, STATE];
  const widths = columns.map(({ title, cell }) =>
    Math.max(title.length, ...members.map((one) => cell(one).length)),
  );
  const line = (cells: readonly string[]): string =>
    cut(
      cells
        .map((text, index) => {
          const width = widths[index] ?? 0;
          return columns[index]?.right ? text.padStart(width) : text.padEnd(width);
        })
        .join(GAP)
        .trimEnd(),
      style.width,
    );
  return [
    paint(style, "gray", line(columns.map(({ title }) => title))),
    ...members.map((member) => {
      const text = line(columns.map(({ cell }) => cell(member)));
      return isWell(member) ? text : paint(style, colourOf(member), text);
    }),
  ];
}

function widthOf(columns: readonly Column[], members: readonly Member[]): number {
  const widths = columns.map(({ title, cell }) =>
    Math.max(title.length, ...members.map((one) => cell(one).length)),
  );
  return widths.reduce((sum, width) => sum + width, (columns.length - 1) * GAP.length);
}

function hotOf({ hot, members }: Picture, style: TableStyle): string[] {
  if (hot.length === 0) return [];
  const rows = hot.slice(0, HOT_SHOWN).map(({ channel, perSecond, ownerId }) => {
    const owner = members.find(({ id }) => id === ownerId)?.name ?? "";
    return cut(`${count(perSecond).padStart(8)}  ${printable(channel)}  ${printable(owner)}`, style.width);
  });
  return [paint(style, "gray", cut("   PER S  HOTTEST CHANNELS", style.width)), ...rows];
}

function troubledFirst(members: readonly Member[]): Member[] {
  return members.toSorted((a, b) => Number(isWell(a)) - Number(isWell(b)));
}

function colourOf({ state }: Member): Colour {
  return ["joining", "leaving", "taking over"].includes(state) ? "yellow" : "red";
}

/** Names come from elsewhere: what a terminal would take for a command must not reach it. */
function printable(text: string): string {
  return visible(text).slice(0, MOST_NAME);
}

function cut(text: string, width: number): string {
  return text.slice(0, Math.max(0, width));
}

function count(value: number | undefined): string {
  if (value === undefined) return "-";
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 });
}

function percent(part: number | undefined): string {
  return part === undefined ? "-" : `${Math.round(part * 100)} %`;
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? "-" : `${Math.round(bytes / 2 ** 20)} MB`;
}

function ms(value: number | undefined): string {
  return value === undefined ? "-" : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function paint({ colours }: TableStyle, colour: Colour, text: string): string {
  // The decision is the caller's; styleText would look at the stream of its own choice.
  return colours && text !== "" ? styleText(colour, text, { validateStream: false }) : text;
}

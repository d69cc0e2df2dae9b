import { styleText } from "node:util";
import type { Life, Phase } from "./life.ts";
import type { ServicePlan } from "./plan.ts";

export interface Row {
  readonly plan: Pick<ServicePlan, "service" | "port">;
  readonly life: Life;
}

export interface TableStyle {
  /** Columns of the terminal; no line is longer. */
  readonly width: number;
  /** Lines the table may take; at least 3. */
  readonly height: number;
  readonly colours: boolean;
}

interface Column {
  readonly title: string;
  readonly cell: (row: Row, now: number) => string;
  readonly right?: boolean;
}

type Colour = "green" | "yellow" | "red" | "gray";

const COLOURS: Readonly<Record<Phase, Colour>> = {
  starting: "yellow",
  ready: "green",
  "not ready": "yellow",
  restarting: "red",
  stopping: "yellow",
  stopped: "gray",
};

const SERVICE: Column = { title: "SERVICE", cell: ({ plan }) => plan.service };
const PORT: Column = { title: "PORT", cell: ({ plan }) => String(plan.port), right: true };
const PID: Column = { title: "PID", cell: ({ life }) => String(life.pid ?? "-"), right: true };
const UPTIME: Column = { title: "UPTIME", cell: ({ life }, now) => uptime(life, now), right: true };
const RESTARTS: Column = {
  title: "RESTARTS",
  cell: ({ life }) => String(Math.max(0, life.restarts)),
  right: true,
};
const STATE: Column = { title: "STATE", cell: ({ life }, now) => state(life, now) };

/** What is left out first where the terminal is too narrow stands last. */
const LAYOUTS: readonly (readonly Column[])[] = [
  [SERVICE, PORT, PID, UPTIME, RESTARTS, STATE],
  [SERVICE, PORT, PID, UPTIME, STATE],
  [SERVICE, PORT, PID, STATE],
  [SERVICE, PORT, STATE],
];

const GAP = "  ";
/** Room that the state needs to be of use: "restarting in 10s". */
const STATE_WIDTH = 17;

/** The table as lines, none longer than the terminal is wide. */
export function renderTable(rows: readonly Row[], style: TableStyle, now: number): string[] {
  const columns = LAYOUTS.find((layout) => fits(layout, rows, style.width, now)) ?? [SERVICE, PORT, STATE];
  const widths = columns.map((column) => widthOf(column, rows, now));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => {
        if (index === cells.length - 1) return cell;
        const width = widths[index] ?? 0;
        return columns[index]?.right ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(GAP)
      .slice(0, style.width);

  const shown = choose(rows, style.height - 1);
  const lines = [paint(style, "gray", line(columns.map(({ title }) => title)))];
  for (const row of shown) {
    const text = line(columns.map(({ cell }) => cell(row, now)));
    const at = text.length - Math.min(text.length, (columns.at(-1)?.cell(row, now) ?? "").length);
    lines.push(text.slice(0, at) + paint(style, COLOURS[row.life.phase], text.slice(at)));
  }
  const hidden = rows.length - shown.length;
  if (hidden > 0) lines.push(paint(style, "gray", `and ${hidden} more`.slice(0, style.width)));
  return lines;
}

/** All rows if there is room; else those that need attention first, and a line for the rest. */
function choose(rows: readonly Row[], room: number): readonly Row[] {
  if (rows.length <= room) return rows;
  const troubled = rows.filter(({ life }) => life.phase !== "ready");
  const well = rows.filter(({ life }) => life.phase === "ready");
  const chosen = new Set([...troubled, ...well].slice(0, Math.max(1, room - 1)));
  return rows.filter((row) => chosen.has(row));
}

function fits(columns: readonly Column[], rows: readonly Row[], width: number, now: number): boolean {
  const needed = columns
    .filter((column) => column !== STATE)
    .reduce((sum, column) => sum + widthOf(column, rows, now) + GAP.length, STATE_WIDTH);
  return needed <= width;
}

function widthOf(column: Column, rows: readonly Row[], now: number): number {
  return Math.max(column.title.length, ...rows.map((row) => column.cell(row, now).length));
}

function state(life: Life, now: number): string {
  const { phase, reason, restartAt } = life;
  if (phase === "restarting") {
    const seconds = Math.max(0, Math.ceil(((restartAt ?? now) - now) / 1000));
    return `${phase} in ${seconds}s (${reason})`;
  }
  return reason === undefined ? phase : `${phase} (${reason})`;
}

/** "7s", "4m 07s", "2h 05m", "3d 1h"; "-" while there is no process. */
function uptime({ pid, startedAt }: Life, now: number): string {
  if (pid === undefined) return "-";
  const seconds = Math.floor((now - startedAt) / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ${two(Math.floor(seconds / 60) % 60)}m`;
  return `${Math.floor(seconds / 86_400)}d ${Math.floor(seconds / 3600) % 24}h`;
}

function paint({ colours }: TableStyle, colour: Colour, text: string): string {
  // The decision is the caller's; styleText would look at the stream of its own choice.
  return colours && text !== "" ? styleText(colour, text, { validateStream: false }) : text;
}

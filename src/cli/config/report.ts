import type { Resolution, Resolved } from "../../runtime/config/config-sources.ts";
import { flagOf, type Setting } from "../../runtime/config/setting.ts";
import { visible } from "../../runtime/visible.ts";
import { json } from "../client/output.ts";

/** One setting, as `scc config` shows it. */
export interface ConfigRow {
  readonly variable: string;
  readonly flag: string;
  /** A secret is masked; null: there is none. */
  readonly value: unknown;
  readonly source: Resolved["source"];
  /** The flag, the variable or the file that it comes from; null: none of them. */
  readonly from: string | null;
  /** Why it cannot be used; null: it can. */
  readonly problem: string | null;
}

export const MASK = "(secret)";

export function rowsOf({ settings }: Resolution): ConfigRow[] {
  return settings.map(({ setting, value, source, from, problem }) => ({
    variable: setting.env,
    flag: flagOf(setting),
    value: value === undefined ? null : shownOf(setting, value),
    source,
    from: from ?? null,
    problem: problem ?? null,
  }));
}

const SECRET_NAME = /(key|secret|password|token)$/i;

function shownOf({ secret = false }: Setting<unknown>, value: unknown): unknown {
  if (!secret) return value;
  return typeof value === "object" ? masked(value) : MASK;
}

/** Of options, only what is called like a secret is one. */
function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, each]) => [
    name,
    SECRET_NAME.test(name) ? MASK : masked(each),
  ]);
  return Object.fromEntries(entries);
}

/** The rows as a table; what is not the default is set off by a star, and by bold where there are colours. */
export function tableOf(name: string, rows: readonly ConfigRow[], colours: boolean): string[] {
  const cells = rows.map((row) => ({ row, name: row.variable, value: textOf(row), from: originOf(row) }));
  const width = (key: "name" | "value"): number =>
    Math.min(48, Math.max(...cells.map((cell) => cell[key].length)));
  const [names, values] = [width("name"), width("value")];
  const lines = cells.map(({ row, name: variable, value, from }) => {
    const isSet = row.source !== "default";
    const line = `${isSet ? "*" : " "} ${variable.padEnd(names)}  ${value.padEnd(values)}  ${from}`;
    return isSet && colours ? `\u001b[1m${line}\u001b[22m` : line;
  });
  return [`scc ${name}`, ...lines];
}

function textOf({ value, source, problem }: ConfigRow): string {
  if (source === "missing") return "(missing)";
  if (problem !== null) return "(not usable)";
  if (value === null) return "-";
  return visible(typeof value === "string" ? value : json(value));
}

function originOf({ source, from }: ConfigRow): string {
  return visible(from === null ? source : `${source}: ${from}`);
}

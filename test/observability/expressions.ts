import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

export const ALERTS = fileURLToPath(new URL("../../observability/alerts.yaml", import.meta.url));
const DASHBOARD = new URL("../../observability/grafana-dashboard.json", import.meta.url);

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<"summary" | "description", string>>;
}

export function rules(): Rule[] {
  const file = parse(readFileSync(ALERTS, "utf8")) as { groups: { rules: Rule[] }[] };
  return file.groups.flatMap((group) => group.rules);
}

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly Query[] }[];
  readonly templating: { readonly list: readonly { readonly query: string }[] };
  readonly annotations: { readonly list: readonly Query[] };
}

interface Query {
  readonly expr: string;
  readonly legendFormat?: string;
}

/** Every query of the dashboard, and what it is called there. */
export function queries(): {
  readonly where: string;
  readonly expr: string;
  readonly labels: readonly string[];
}[] {
  const { panels, templating, annotations } = JSON.parse(readFileSync(DASHBOARD, "utf8")) as Dashboard;
  const ofPanels = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat = "" }) => ({ where: title, expr, labels: labelsOf(legendFormat) })),
  );
  const others = [...templating.list.map(({ query }) => query), ...annotations.list.map(({ expr }) => expr)];
  return [...ofPanels, ...others.map((expr) => ({ where: "the variables", expr, labels: [] }))];
}

/** The labels in a text such as "{{service}} {{ $labels.instance }}". */
export function labelsOf(text: string): string[] {
  return [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label = ""]) => label);
}

/** The metrics that a query asks for, with the labels that it looks at: all of them for each. */
export function askedBy(expr: string): { readonly metrics: string[]; readonly labels: string[] } {
  const metrics = [...expr.matchAll(/\b(?:scc|nodejs|process)_\w+/g)].map(([name]) => name);
  const matched = [...expr.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = ""]) => label);
  const grouped = [...expr.matchAll(/\b(?:by|without|on)\s*\(([^)]*)\)/g)].flatMap(([, list = ""]) =>
    list.split(/\s*,\s*/),
  );
  return { metrics: [...new Set(metrics)], labels: [...new Set([...matched, ...grouped])] };
}

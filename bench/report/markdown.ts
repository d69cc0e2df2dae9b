import type { Summary } from "../record/statistics.ts";

/** A table. Columns of which no row has anything are left out. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const used = titles.map((_, column) => rows.some((row) => (row[column] ?? "") !== ""));
  const line = (cells: readonly string[]): string =>
    `| ${cells
      .filter((_, column) => used[column])
      .map(escaped)
      .join(" | ")} |`;
  return [line(titles), line(titles.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Text from outside must not end a cell, nor a line. */
function escaped(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");
}

/** Three significant digits: 0.0714, 1.23, 12.3, 93,400. */
export function digits(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

/** The median, with the lowest and the highest value where there are several. */
export function spread(summary: Summary | undefined): string {
  if (summary === undefined) return "";
  const { n, median, low, high } = summary;
  return n === 1 ? digits(median) : `${digits(median)} (${digits(low)}..${digits(high)})`;
}

/** Paragraphs, tables and pictures with what belongs between them. */
export function paragraphs(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== "").join("\n\n");
}

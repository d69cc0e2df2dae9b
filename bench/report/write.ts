import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Line } from "../record/lines.ts";
import { reportOf } from "./report.ts";

/**
 * Writes `REPORT.md` and `charts/*.svg` into a folder; charts of earlier reports are removed. What people have to add
 * stands in the folder's `NOTES.md`, and becomes a part of the report.
 */
export function writeReport(folder: string, lines: readonly Line[]): string {
  const { markdown, charts } = reportOf(lines);
  const pictures = join(folder, "charts");
  mkdirSync(pictures, { recursive: true });
  for (const file of readdirSync(pictures)) {
    if (file.endsWith(".svg") && !charts.has(file.slice(0, -".svg".length))) rmSync(join(pictures, file));
  }
  for (const [name, svg] of charts) writeFileSync(join(pictures, `${name}.svg`), `${svg}\n`);
  const file = join(folder, "REPORT.md");
  writeFileSync(file, `${markdown}${notesIn(folder)}`);
  return file;
}

/** The notes, as a section of the report. */
function notesIn(folder: string): string {
  const file = join(folder, "NOTES.md");
  if (!existsSync(file)) return "";
  const text = readFileSync(file, "utf8");
  return `\n${text.replace(/^#(#*) /gm, (_, deeper: string) => `##${deeper} `)}`;
}

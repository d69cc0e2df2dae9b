import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Line } from "../record/lines.ts";
import { reportOf } from "./report.ts";

/** Writes `REPORT.md` and `charts/*.svg` into a folder; charts of earlier reports are removed. */
export function writeReport(folder: string, lines: readonly Line[]): string {
  const { markdown, charts } = reportOf(lines);
  const pictures = join(folder, "charts");
  mkdirSync(pictures, { recursive: true });
  for (const file of readdirSync(pictures)) {
    if (file.endsWith(".svg") && !charts.has(file.slice(0, -".svg".length))) rmSync(join(pictures, file));
  }
  for (const [name, svg] of charts) writeFileSync(join(pictures, `${name}.svg`), `${svg}\n`);
  const file = join(folder, "REPORT.md");
  writeFileSync(file, markdown);
  return file;
}

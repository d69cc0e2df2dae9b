import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "./package.ts";

export interface CodeBlock {
  /** Where it stands, as `docs/api.md:12`. */
  readonly place: string;
  readonly code: string;
  readonly language: "js" | "ts";
  /** Whether it is a whole program, to be run: "js run". */
  readonly isProgram: boolean;
}

export function readDocument(document: string): string {
  return readFileSync(join(REPOSITORY, document), "utf8");
}

/** The JavaScript and TypeScript in a document, block by block. */
export function codeBlocks(document: string): CodeBlock[] {
  const text = readDocument(document);
  return [...text.matchAll(/^```(js|ts)( run)?\n([\s\S]*?)^```$/gm)].map((match) => ({
    place: `${document}:${text.slice(0, match.index).split("\n").length + 1}`,
    language: match[1] as "js" | "ts",
    code: match[3] ?? "",
    isProgram: match[2] !== undefined,
  }));
}

/** All code under some headings of the second level, blocks and spans. */
export function codeUnder(document: string, headings: readonly string[]): string {
  const sections = readDocument(document).split(/^## /m);
  const wanted = sections.filter((section) => headings.includes(section.split("\n", 1)[0] ?? ""));
  if (wanted.length !== headings.length) throw new Error(`${document} lacks one of: ${headings.join(", ")}`);
  return wanted.flatMap((section) => section.match(/^```js[\s\S]*?^```$|`[^`\n]+`/gm) ?? []).join("\n");
}

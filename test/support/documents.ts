import { readdirSync, readFileSync } from "node:fs";
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

/** All documents that people read: README and CONTRIBUTING, and what docs/ has. */
export const DOCUMENTS: readonly string[] = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(REPOSITORY, "docs"))
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
];

/** One fenced block, in any language. */
export interface FencedBlock {
  readonly place: string;
  /** What stands behind the fence: "js run", "sh"; empty if nothing does. */
  readonly language: string;
  readonly code: string;
}

/** All fenced blocks of a document. */
export function fencedBlocks(document: string): FencedBlock[] {
  const text = readDocument(document);
  return [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    place: `${document}:${text.slice(0, match.index).split("\n").length + 1}`,
    language: match[1] ?? "",
    code: match[2] ?? "",
  }));
}

export function readDocument(document: string): string {
  return readFileSync(join(REPOSITORY, document), "utf8");
}

/** The JavaScript and TypeScript in a document, block by block. */
export function codeBlocks(document: string): CodeBlock[] {
  return fencedBlocks(document).flatMap(({ place, language, code }) => {
    const match = /^(js|ts)( run)?$/.exec(language);
    return match
      ? [{ place, code, language: match[1] as "js" | "ts", isProgram: match[2] !== undefined }]
      : [];
  });
}

/** All code under some headings of the second level, blocks and spans. */
export function codeUnder(document: string, headings: readonly string[]): string {
  const sections = readDocument(document).split(/^## /m);
  const wanted = sections.filter((section) => headings.includes(section.split("\n", 1)[0] ?? ""));
  if (wanted.length !== headings.length) throw new Error(`${document} lacks one of: ${headings.join(", ")}`);
  return wanted.flatMap((section) => section.match(/^```js[\s\S]*?^```$|`[^`\n]+`/gm) ?? []).join("\n");
}

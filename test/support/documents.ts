import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "./package.ts";

export interface CodeBlock {
  readonly document: string;
  /** Where it stands, as `docs/api.md:12`: its first line. */
  readonly place: string;
  /** The first word behind the fence; empty where there is none. */
  readonly language: string;
  /** What stands behind the language: `run` in "js run". */
  readonly details: readonly string[];
  /** Without the fences, and without the indentation that they have. */
  readonly code: string;
}

/** Code between backticks in a line of text. */
export interface CodeSpan {
  readonly place: string;
  readonly code: string;
}

/** Made by us, or by others. */
const NOT_OURS = new Set(["node_modules", "dist", ".git", ".tmp", ".peers", "coverage"]);
const FENCE = /^( *)(`{3,}|~{3,})\s*(.*?)\s*$/;

export function readDocument(document: string): string {
  return readFileSync(join(REPOSITORY, document), "utf8");
}

/** Every file of the repository that is ours, as `docs/api.md`, sorted. */
export function repositoryFiles(): string[] {
  const within = (folder: string): string[] =>
    readdirSync(join(REPOSITORY, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : within(path);
      return entry.isFile() ? [path] : [];
    });
  return within("").sort();
}

/** Every Markdown file of the repository. */
export function documents(): string[] {
  return repositoryFiles().filter((file) => file.endsWith(".md"));
}

/** Those that are to be true today: what was decided, measured or changed on a day is not brought up to date. */
export function currentDocuments(): string[] {
  const ofTheirDay = ["CHANGELOG.md", "docs/decisions.md", "bench/NOTES.md", "bench/REPORT.md"];
  return documents().filter((document) => !ofTheirDay.includes(document));
}

/** A document, taken apart line by line: what is in fences, and what is not. */
interface Parts {
  readonly blocks: CodeBlock[];
  /** The lines outside of fences; those inside are empty. */
  readonly prose: string[];
}

/** @throws {Error} if a fence is not closed */
export function partsOf(document: string, text = readDocument(document)): Parts {
  const parts: Parts = { blocks: [], prose: [] };
  let open:
    | { readonly indent: string; readonly fence: string; readonly info: string; line: number }
    | undefined;
  let inside: string[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const [, indent = "", fence = "", info = ""] = FENCE.exec(line) ?? [];
    if (open === undefined && fence !== "") {
      open = { indent, fence, info, line: index + 2 };
      inside = [];
    } else if (open !== undefined && fence.startsWith(open.fence) && info === "") {
      const [language = "", ...details] = open.info.split(/\s+/);
      const code = inside.map((each) => (each.startsWith(indent) ? each.slice(indent.length) : each));
      parts.blocks.push({
        ...{ document, language, details },
        place: `${document}:${open.line}`,
        code: `${code.join("\n")}\n`,
      });
      open = undefined;
    } else if (open !== undefined) inside.push(line);
    else {
      parts.prose.push(line);
      continue;
    }
    parts.prose.push("");
  }
  if (open !== undefined) throw new Error(`${document}:${open.line - 1}: this fence is never closed`);
  return parts;
}

export function codeBlocks(document: string): CodeBlock[] {
  return partsOf(document).blocks;
}

export function codeSpans(document: string): CodeSpan[] {
  // A span may go on in the next line, but not in the next paragraph.
  const text = partsOf(document).prose.join("\n");
  return [...text.matchAll(/(?<!`)`([^`]+?)`(?!`)/g)]
    .filter(([, code = ""]) => !/\n\s*\n/.test(code))
    .map((match) => ({
      place: `${document}:${text.slice(0, match.index).split("\n").length}`,
      // In a table a pipe is escaped.
      code: (match[1] ?? "").replaceAll("\\|", "|").replaceAll(/\s*\n\s*/g, " "),
    }));
}

/** All code under some headings of the second level, blocks and spans. */
export function codeUnder(document: string, headings: readonly string[]): string {
  const sections = readDocument(document).split(/^## /m);
  const wanted = sections.filter((section) => headings.includes(section.split("\n", 1)[0] ?? ""));
  if (wanted.length !== headings.length) throw new Error(`${document} lacks one of: ${headings.join(", ")}`);
  return wanted.flatMap((section) => section.match(/^```js[\s\S]*?^```$|`[^`\n]+`/gm) ?? []).join("\n");
}

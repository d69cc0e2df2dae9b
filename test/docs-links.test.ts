import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { DOCUMENTS, readDocument } from "./support/documents.ts";
import { REPOSITORY } from "./support/package.ts";

interface Link {
  readonly from: string;
  /** The file, from the root of the repository. */
  readonly file: string;
  readonly anchor: string | undefined;
}

/** What stands in fences and back-ticks is no link. */
function proseOf(document: string): string {
  return readDocument(document)
    .replace(/^```[\s\S]*?^```$/gm, "")
    .replace(/`[^`\n]*`/g, "");
}

function linksOf(document: string): Link[] {
  const targets = [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? document : normalize(join(dirname(document), path));
      return { from: document, file, anchor };
    });
}

/** The anchors that a reader of Markdown makes of headings. */
function anchorsOf(document: string): Set<string> {
  const headings = readDocument(document).matchAll(/^#{1,6} (.*)$/gm);
  return new Set(
    [...headings].map(([, title = ""]) =>
      title
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}

const LINKS = DOCUMENTS.flatMap(linksOf);

describe("The documents", () => {
  it("link to what there is", () => {
    expect(LINKS.length).toBeGreaterThan(60);
    const broken = LINKS.filter(({ file }) => !existsSync(join(REPOSITORY, file)));

    expect(broken).toEqual([]);
  });

  it("link to headings that there are", () => {
    const broken = LINKS.filter(
      ({ file, anchor }) => anchor !== undefined && file.endsWith(".md") && !anchorsOf(file).has(anchor),
    );

    expect(broken).toEqual([]);
  });

  it("can all be reached from README.md", () => {
    const reached = new Set(["README.md"]);
    for (const document of reached) {
      if (!DOCUMENTS.includes(document)) continue;
      for (const { file } of linksOf(document)) reached.add(file);
    }

    expect(DOCUMENTS.filter((document) => !reached.has(document))).toEqual([]);
  });
});

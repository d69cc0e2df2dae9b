import { existsSync } from "node:fs";
import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { documents, partsOf } from "../support/documents.ts";
import { REPOSITORY } from "../support/package.ts";

/** What `scc create` gives to others is read where it was made. */
const ELSEWHERE = ["templates/app/README.md"];

interface Link {
  readonly from: string;
  readonly line: number;
  /** A path below the repository. */
  readonly path: string;
  /** Behind the #; empty: the whole document. */
  readonly anchor: string;
}

/** Links within the repository; pages elsewhere are not asked for. */
function linksOf(document: string): Link[] {
  return partsOf(document).prose.flatMap((line, index) =>
    [...line.replaceAll(/`[^`]*`/g, "").matchAll(/\]\((?!\w+:)([^)\s#]*)(?:#([^)\s]*))?\)/g)].map((match) => {
      const [, target = "", anchor = ""] = match;
      const path = target === "" ? document : posix.join(posix.dirname(document), target);
      return { from: document, line: index + 1, path, anchor };
    }),
  );
}

/** What headings are called in a URL, as GitHub does it. */
function anchorsOf(document: string): Set<string> {
  const times = new Map<string, number>();
  const headings = partsOf(document).prose.flatMap((line) => /^#{1,6} (.*)$/.exec(line)?.[1] ?? []);
  const names = headings.map((heading) => {
    const name = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    const before = times.get(name) ?? 0;
    times.set(name, before + 1);
    return before === 0 ? name : `${name}-${before}`;
  });
  return new Set(names);
}

const links = documents().flatMap(linksOf);

describe("Links in the documents", () => {
  it("are found", () => {
    expect(links.length).toBeGreaterThan(50);
    expect(links.filter(({ anchor }) => anchor !== "").length).toBeGreaterThan(10);
  });

  it("lead to files that are there", () => {
    const broken = links.filter(({ path }) => !existsSync(`${REPOSITORY}${path}`));

    expect(broken).toEqual([]);
  });

  it("lead to headings that are there", () => {
    const pointing = links.filter(({ path, anchor }) => anchor !== "" && path.endsWith(".md"));

    expect(pointing.filter(({ path, anchor }) => !anchorsOf(path).has(anchor))).toEqual([]);
  });

  it("lead from the README to every document", () => {
    const reached = new Set(["README.md"]);
    for (const document of reached) {
      if (!document.endsWith(".md") || !existsSync(`${REPOSITORY}${document}`)) continue;
      for (const { path } of linksOf(document)) reached.add(path);
    }

    expect(documents().filter((document) => !reached.has(document) && !ELSEWHERE.includes(document))).toEqual(
      [],
    );
  });
});

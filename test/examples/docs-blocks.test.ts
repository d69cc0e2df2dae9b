import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { codeBlocks, codeSpans, currentDocuments, documents } from "../support/documents.ts";
import { problemsOfBlock } from "./documents/blocks.ts";
import { isTool, packageOf, problemsOfScript } from "./documents/commands.ts";

const blocks = documents().flatMap(codeBlocks);

describe("The blocks of code in all documents", () => {
  it("are found", () => {
    const found = new Set(blocks.map(({ document }) => document));

    expect([...found]).toEqual(expect.arrayContaining(["README.md", "CONTRIBUTING.md", "docs/api.md"]));
    expect(blocks.length).toBeGreaterThan(80);
  });

  it.each(blocks)("say what is true: $place, $language", async (block) => {
    expect(await problemsOfBlock(block)).toEqual([]);
  });

  it.each(currentDocuments())("are joined by commands in the text that are true: %s", async (document) => {
    const home = packageOf(dirname(document)).folder;
    const problems: string[] = [];
    for (const { place, code } of codeSpans(document).filter(({ code }) => isCommand(code))) {
      const [problem] = await problemsOfSpan(code, home);
      if (problem !== undefined) problems.push(`${place}: ${problem}`);
    }

    expect(problems).toEqual([]);
  });
});

/** A tool, and something that it is told; variables may be set for it. */
function isCommand(code: string): boolean {
  const [, tool = ""] = /^(?:[A-Z_]+=\S+ )*([\w-]+) \S/.exec(code) ?? [];
  return isTool(tool) && !/^(kubectl|helm|docker)( [a-z]+)+$/.test(code);
}

/** A command in a sentence may be said where the document is, or in the repository, or be no more than its name. */
async function problemsOfSpan(code: string, home: string): Promise<string[]> {
  const script = code.replace("<command>", "worker").replaceAll(/<([\w-]+)>(?:\.\.\.)?/g, "$1");
  const problems = await problemsOfScript(script, home);
  if (problems.length === 0 || (await problemsOfScript(script, "")).length === 0) return [];
  if (!/^scc( [a-z]+)+$/.test(script)) return problems;
  return problemsOfScript(`${script} --help`, home);
}

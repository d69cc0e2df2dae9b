import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CodeBlock, codeBlocks, DOCUMENTS } from "../support/documents.ts";
import { REPOSITORY, run, runWell } from "../support/package.ts";

const PACKAGES = ["@types", "socketcluster-client"];

/** What the examples of docs/api.md speak of without saying where it comes from. */
const KNOWN = `
declare const server: import("sccluster").AGServer;
declare const socket: import("sccluster").AGServerSocket;
declare const action: import("sccluster").AGAction;
declare const request: import("sccluster").AGRequest;
declare const exchange: import("sccluster").Exchange;
declare const channel: import("sccluster").AGChannel;
`;

// Not strict: they are JavaScript. Names, and what goes in and out of calls, are checked all the same.
const COMPILER_OPTIONS = {
  target: "es2023",
  module: "nodenext",
  types: ["node"],
  allowJs: true,
  checkJs: true,
  noEmit: true,
  strict: false,
  skipLibCheck: true,
};

let place: string;

beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "scc-docs-"));
  mkdirSync(join(place, "node_modules"));
  symlinkSync(REPOSITORY, join(place, "node_modules/sccluster"));
  for (const name of PACKAGES)
    symlinkSync(join(REPOSITORY, "node_modules", name), join(place, "node_modules", name));
});

afterAll(() => rmSync(place, { recursive: true, force: true }));

function write(blocks: readonly CodeBlock[]): void {
  for (const block of blocks) writeFileSync(join(place, fileOf(block)), `${block.code}\nexport {};\n`);
}

/** The file is named after the place in the document, so that a complaint says where to look. */
function fileOf({ place: at, language }: CodeBlock): string {
  return `${at.replaceAll(/[/:]/g, "-")}.m${language}`;
}

/** Entry points of the package that are still to come cannot be checked. */
function canBeImported({ code }: CodeBlock): boolean {
  const { exports } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8"));
  return [...code.matchAll(/from "sccluster(\/[\w-]+)?"/g)].every(([, path]) => `.${path ?? ""}` in exports);
}

const all = DOCUMENTS.flatMap(codeBlocks);

describe("Code in the documents", () => {
  it("is there to be checked", () => {
    expect(all.length).toBeGreaterThan(40);
    expect(all.filter(({ isProgram }) => isProgram).length).toBeGreaterThan(4);
  });

  it("fits the types of the package", async () => {
    const snippets = all.filter((block) => !block.isProgram && canBeImported(block));
    write(snippets);
    writeFileSync(join(place, "known.d.ts"), KNOWN);
    const files = ["known.d.ts", ...snippets.map(fileOf)];
    writeFileSync(join(place, "tsconfig.json"), JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files }));

    const { output } = await run(place, join(REPOSITORY, "node_modules/.bin/tsc"), ["--pretty", "false"]);

    expect(output).toBe("");
  }, 60_000);

  it.each(all.filter(({ isProgram }) => isProgram))("runs: $place", async (block) => {
    write([block]);

    await runWell(place, process.execPath, [fileOf(block)]);
  });
});

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CodeBlock, codeBlocks, documents } from "../support/documents.ts";
import { REPOSITORY, run, runWell } from "../support/package.ts";
import { afterImage } from "./documents/blocks.ts";

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

/** What `scc worker` calls, as docs/api.md has it under "Application module". */
const APPLICATION = `
import type { AGServer, Exchange } from "sccluster";
import type { Server } from "node:http";
type End = () => unknown;
export type Application = (world: { server: AGServer; http: Server; exchange: Exchange }) => void | End | Promise<void | End>;
`;

/** Calls a module as `scc worker` does it, and then what it has returned. */
const CALLER = (file: string): string => `
import { createServer } from "node:http";
import { attach } from "sccluster";
import application from "./${file}";
const http = createServer();
const server = attach(http);
const end = await application({ server, http, exchange: server.exchange });
await end?.();
await server.close();
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

/** Of a diff of JavaScript, what it makes. */
function asJavaScript(block: CodeBlock): readonly CodeBlock[] {
  const { language, details, code } = block;
  if (language === "js" || language === "ts") return [block];
  if (language !== "diff" || details[0] !== "js") return [];
  return [{ ...block, language: "js", details: [], code: afterImage(code) }];
}

const DEFAULT = /^export default /m;
const isModule = ({ code, language }: CodeBlock): boolean => language === "js" && DEFAULT.test(code);

/** A module whose function is given types; in the same line, so that complaints name the right one. */
function typed(block: CodeBlock): CodeBlock {
  if (!isModule(block)) return block;
  const type = '/** @type {import("./application.d.mts").Application} */ export const application = ';
  return { ...block, code: block.code.replace(DEFAULT, type) };
}

const isProgram = ({ details }: CodeBlock): boolean => details.includes("run");

const all = documents().flatMap(codeBlocks).flatMap(asJavaScript);
const programs = all.filter(isProgram);

describe("Code in the documents", () => {
  it("is there to be checked", () => {
    const found = new Set(all.map(({ document }) => document));

    expect([...found]).toEqual(expect.arrayContaining(["README.md", "docs/api.md", "docs/migrating.md"]));
    expect(all.length).toBeGreaterThan(40);
    expect(programs.length).toBeGreaterThan(4);
  });

  it("fits the types of the package", async () => {
    const snippets = all.filter((block) => !isProgram(block));
    write(snippets.map(typed));
    writeFileSync(join(place, "known.d.ts"), KNOWN);
    writeFileSync(join(place, "application.d.mts"), APPLICATION);
    const files = ["known.d.ts", ...snippets.map(fileOf)];
    writeFileSync(join(place, "tsconfig.json"), JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files }));

    const { output } = await run(place, join(REPOSITORY, "node_modules/.bin/tsc"), ["--pretty", "false"]);

    expect(output).toBe("");
  }, 60_000);

  it.each(programs)("runs: $place", async (block) => {
    write([block]);

    await runWell(place, process.execPath, [fileOf(block)]);
  });

  it.each(all.filter(isModule))("is what scc worker can run: $place", async (block) => {
    write([block]);
    writeFileSync(join(place, "caller.mjs"), CALLER(fileOf(block)));

    await runWell(place, process.execPath, ["caller.mjs"]);
  });
});

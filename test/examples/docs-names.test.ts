import { posix } from "node:path";
import { describe, expect, it } from "vitest";
import { KNOWN_VARIABLES, SERVICES } from "../../src/cli/known-variables.ts";
import { codeSpans, currentDocuments, readDocument, repositoryFiles } from "../support/documents.ts";
import { isNamedIn } from "./documents/commands.ts";
import { isFlag } from "./documents/scc-program.ts";

const SOURCES = ["src", "test", "bench", "scripts", "kubernetes", "observability"];
const files = repositoryFiles();

/** A variable with its value: `SCC_DRAIN_MS` (25 s), `SCC_PUBLISH_LIMIT`, 10 s. */
const STATED = /`(S[A-Z_]+)`(?:,?\s+\(?)([\d,]+)\s*(ms|s|MiB|KiB|MB)?\b/g;
const UNITS: ReadonlyMap<string, number> = new Map([
  ["s", 1000],
  ["KiB", 2 ** 10],
  ["MiB", 2 ** 20],
  ["MB", 1e6],
]);

function defaultsOf(variable: string): unknown[] {
  const settings = [...SERVICES.values()].flatMap((each) => Object.values(each));
  return settings.filter(({ env }) => env === variable).map(({ fallback }) => fallback);
}

/** Names of one kind, with the documents that they are in. */
function named(pattern: RegExp): Map<string, string> {
  const found = currentDocuments().flatMap((document) =>
    [...readDocument(document).matchAll(pattern)].map(([name]): [string, string] => [name, document]),
  );
  return new Map(found);
}

function unknown(names: ReadonlyMap<string, string>, isKnown: (name: string) => boolean): string[] {
  return [...names].filter(([name]) => !isKnown(name)).map(([name, document]) => `${document}: ${name}`);
}

describe("Names in the documents", () => {
  it("of variables and errors are those of the code", () => {
    const names = named(/\b(?:SCC|SOCKETCLUSTER)_[A-Z][A-Z_]*[A-Z]\b/g);
    const isKnown = (name: string): boolean => KNOWN_VARIABLES.has(name) || isNamedIn(SOURCES, name);

    expect(names.size).toBeGreaterThan(50);
    expect(unknown(names, isKnown)).toEqual([]);
  });

  it("of variables have the defaults that stand behind them", () => {
    const stated = currentDocuments().flatMap((document) =>
      [...readDocument(document).matchAll(STATED)].map(([text, name = "", value = "", unit = ""]) => ({
        said: `${document}: ${text.replaceAll(/\s+/g, " ")}`,
        isTrue: defaultsOf(name).includes(Number(value.replace(",", "")) * (UNITS.get(unit) ?? 1)),
      })),
    );

    expect(stated.length).toBeGreaterThan(4);
    expect(stated.filter(({ isTrue }) => !isTrue)).toEqual([]);
  });

  it("of metrics are those of the code", () => {
    const names = named(/\bscc_[a-z][a-z_]*[a-z]\b/g);

    expect(names.size).toBeGreaterThan(40);
    expect(unknown(names, (name) => isNamedIn(["src"], name))).toEqual([]);
  });

  it("of flags are those of a command", async () => {
    const flags = new Map(
      currentDocuments().flatMap((document) =>
        codeSpans(document).flatMap(({ code, place }): [string, string][] => {
          const [flag] = /^--[a-z][\w-]*/.exec(code) ?? [];
          return flag === undefined ? [] : [[flag, place]];
        }),
      ),
    );
    const unknownFlags: string[] = [];
    for (const [flag, place] of flags)
      if (!(await isFlag(flag)) && !isNamedIn(["test", "bench"], flag))
        unknownFlags.push(`${place}: ${flag}`);

    expect(flags.size).toBeGreaterThan(20);
    expect(unknownFlags).toEqual([]);
  });

  it("of files are those of files that there are, by the end of their paths", () => {
    const names = currentDocuments().flatMap((document) =>
      codeSpans(document)
        .filter(({ code }) => /^[\w./-]+\.(ts|js|mjs|sh|ya?ml|md)$/.test(code))
        .map(({ code, place }) => ({ name: posix.normalize(code).replace(/^(\.\.\/)+/, ""), place })),
    );
    const missing = names.filter(({ name }) => !files.some((file) => `/${file}`.endsWith(`/${name}`)));

    expect(names.length).toBeGreaterThan(60);
    expect(missing).toEqual([]);
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { AUTH_EXIT_CODE } from "../src/cluster/exit-on-auth-error.ts";
import { GAPS } from "../src/link/entries.ts";
import { CLOSE_CODES } from "../src/protocol/close-codes.ts";
import * as wireErrors from "../src/protocol/wire-errors.ts";
import { ERROR_CODES } from "../src/runtime/errors.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DOCUMENT = readFileSync(`${ROOT}docs/errors.md`, "utf8");

/** Each file below src/, as `cli/main.ts`, with what is in it. */
const SOURCES_BY_NAME = readdirSync(`${ROOT}src`, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => [file.replaceAll("\\", "/"), readFileSync(`${ROOT}src/${file}`, "utf8")] as const);
const SOURCES = SOURCES_BY_NAME.map(([, source]) => source);

/** The rows of the table under a heading, as cells without back-ticks. */
function rowsUnder(heading: string): string[][] {
  const section = DOCUMENT.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

const column = (heading: string, index: number): string[] =>
  rowsUnder(heading).map((row) => row[index] ?? "");

function inSources(pattern: RegExp): string[] {
  const found = SOURCES.flatMap((source) => [...source.matchAll(pattern)].map(([, text]) => text ?? ""));
  return [...new Set(found)].toSorted();
}

/** Each class of our own errors has its name and its code. */
const OWN_NAMES = inSources(/override readonly name = "(\w+)"/g);
/** These are used inside. */
const INTERNAL = [
  "BrokenStateError",
  "NoViewError",
  "NobodyThereError",
  "ProbeError",
  "Problem",
  "ProtocolError",
];
/** Of Node.js and of `jsonwebtoken`, which are looked at and not passed on. */
const OF_OTHERS = ["AbortError", "JsonWebTokenError", "NotBeforeError", "TokenExpiredError"];
const THEIR_NAMES = Object.keys(wireErrors).filter((name) => name.endsWith("Error"));

/**
 * The texts that the first argument of a call can be: a literal, or a constant that is one, or one of two.
 *
 * @throws {Error} if it is neither: what is logged must be found here, and be the same each time
 */
function textsOf(argument: string, source: string): string[] {
  const literal = /^"([^"]+)"/.exec(argument)?.[1];
  if (literal !== undefined) return [literal];
  const name = /^(\w+)\s*[,)]/.exec(argument)?.[1] ?? "";
  const value = new RegExp(`const ${name} =([\\s\\S]+?);\\n`).exec(source)?.[1] ?? "";
  const texts = [...value.matchAll(/"([^"]+)"/g)].map(([, text]) => text ?? "");
  if (name === "" || texts.length === 0)
    throw new Error(`Cannot tell what is logged: ${argument.split("\n")[0]}`);
  return texts;
}

/** Every number that a process or a command ends with on purpose. */
function exitCodes(): string[] {
  // What commands return is what they exit with.
  const returned = /(?:\.exit\(|exitCode = |(?:^|\s)return )([^;\n]*)/g;
  const commands = SOURCES_BY_NAME.filter(([file]) => /^cli\/\w+\/(run|look)\.ts$/.test(file));
  const others = SOURCES_BY_NAME.filter((each) => !commands.includes(each));
  const endings = [
    ...commands.flatMap(([, source]) => [...source.matchAll(returned)]),
    ...others.flatMap(([, source]) => [
      ...source.matchAll(/(?:process\.exit\(|process\.exitCode = )([^;\n]*)/g),
    ]),
  ].map(([, ending]) => ending ?? "");
  const codes = endings.flatMap((ending) => {
    const whole = /^(\d+|[A-Z_]+)\)*$/.exec(ending)?.slice(1) ?? [];
    const eitherOf = /\? ([\dA-Z_]+) : ([\dA-Z_]+)\)*$/.exec(ending)?.slice(1) ?? [];
    return [...whole, ...eitherOf].flatMap((code) => (/^\d/.test(code) ? [code] : constant(code)));
  });
  return [...new Set(codes)].toSorted((one, other) => Number(one) - Number(other));
}

const constant = (name: string): string[] => inSources(new RegExp(`const ${name} = (\\d+);`, "g"));

describe("docs/errors.md", () => {
  it("has every error that SocketCluster's clients know, and those that this package adds", () => {
    const ours = [
      "NewChannelLimitError",
      "PublishTimeoutError",
      "PublishRefusedError",
      "SubscribeRefusedError",
      "SubscribeTimeoutError",
    ];

    expect(column("Errors that clients get", 0).toSorted()).toEqual([...THEIR_NAMES, ...ours].toSorted());
  });

  it("has every error of the package with its code, and no other", () => {
    const documented = rowsUnder("Errors of this package");

    expect(documented.map(([code]) => code).toSorted()).toEqual([...ERROR_CODES].toSorted());
    const names = documented.map(([, name]) => name ?? "").toSorted();
    expect(names).toEqual(OWN_NAMES.filter((name) => !INTERNAL.includes(name)));
    for (const name of INTERNAL) expect(DOCUMENT).toContain(`\`${name}\``);
    const pairs = SOURCES.flatMap((source) => [
      ...source.matchAll(/readonly code = "(\w+)";\n {2}override readonly name = "(\w+)"/g),
    ]);
    expect(pairs.map(([, code, name]) => `${code} ${name}`).toSorted()).toEqual(
      documented.map(([code, name]) => `${code} ${name}`).toSorted(),
    );
  });

  it("names every error that the sources name, and no other", () => {
    const classes = inSources(/class (\w+) extends \w*Error\b/g);
    const given = inSources(/"([A-Z]\w*Error)"/g);
    // One class has upstream's name, which is another than its own.
    const named = [...classes, ...given, ...THEIR_NAMES].filter(
      (name) => name !== "ClusterAuthError" && name !== "SccError" && !OF_OTHERS.includes(name),
    );
    const documented = [...DOCUMENT.matchAll(/`(\w+Error|Problem)`/g)].map(([, name]) => name);

    expect([...new Set(documented)].toSorted()).toEqual([...new Set(named)].toSorted());
  });

  it("has every close code with its reason, and when the official client comes back", () => {
    const known = Object.values(CLOSE_CODES).map(({ code, reason, reconnect }) => [
      `${code}`,
      reason,
      reconnect,
    ]);

    expect(rowsUnder("Close codes")).toEqual(known);
  });

  it("has every exit code, as docs/command-line.md has them", () => {
    const table = readFileSync(`${ROOT}docs/command-line.md`, "utf8").matchAll(/^\| (\d+) \|/gm);
    const codes = column("Exit codes", 0);

    expect(codes).toEqual([...table].map(([, code]) => code));
    expect(codes).toContain(`${AUTH_EXIT_CODE}`);
    expect(codes).toEqual(exitCodes());
  });

  it("has every reason for which publishes are rejected, and every kind of gap", () => {
    const [counts = ""] = inSources(/readonly rejected = \{ ([^}]*) \}/g);
    const reasons = [...counts.matchAll(/(\w+): 0/g)].map(([, reason]) => reason);

    expect(reasons.length).toBeGreaterThan(0);
    expect(column("Reasons in metrics", 1)).toEqual(reasons);
    for (const metric of DOCUMENT.matchAll(/`(scc_\w+)`/g))
      expect(inSources(/"(scc_\w+)"/g)).toContain(metric[1]);
    expect(column("Gaps", 0)).toEqual(GAPS.filter((gap) => gap !== "none"));
  });

  it("has every log line of level warn or error, and none that nobody writes", () => {
    const all = SOURCES.flatMap((source) =>
      [...source.matchAll(/\blog\.(?:warn|error)\(\s*/g)].flatMap(({ index, 0: call }) =>
        textsOf(source.slice(index + call.length), source),
      ),
    );
    const lines = [...new Set(all)].toSorted();

    expect(lines.length).toBeGreaterThan(20);
    expect(column("Log lines", 0).toSorted()).toEqual(lines);
  });
});

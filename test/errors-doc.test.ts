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

const SOURCES = readdirSync(`${ROOT}src`, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => readFileSync(`${ROOT}src/${file}`, "utf8"));

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
/** These never leave a process. */
const INTERNAL = ["NobodyThereError", "NoViewError"];

describe("docs/errors.md", () => {
  it("has every error that SocketCluster's clients know, and the three that this package adds", () => {
    const theirs = Object.keys(wireErrors).filter((name) => name.endsWith("Error"));
    const ours = ["PublishTimeoutError", "PublishRefusedError", "SubscribeTimeoutError"];

    expect(column("Errors that clients get", 0).toSorted()).toEqual([...theirs, ...ours].toSorted());
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
    for (const code of inSources(/process\.exit\((\d+)\)/g)) expect(codes).toContain(code);
  });

  it("has every reason for which publishes are rejected, and every kind of gap", () => {
    const [counts = ""] = inSources(/readonly rejected = \{ ([^}]*) \}/g);
    const reasons = [...counts.matchAll(/(\w+): 0/g)].map(([, reason]) => reason);

    expect(reasons.length).toBeGreaterThan(0);
    expect(column("Reasons in metrics", 1)).toEqual(reasons);
    expect(column("Gaps", 0)).toEqual(GAPS.filter((gap) => gap !== "none"));
  });

  it("has every log line of level warn or error, and none that nobody writes", () => {
    const lines = inSources(/\blog\.(?:warn|error)\(\s*"([^"]+)"/g);

    expect(lines.length).toBeGreaterThan(20);
    expect(column("Log lines", 0).toSorted()).toEqual(lines);
  });
});

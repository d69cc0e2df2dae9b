import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DOCUMENT = readFileSync(`${ROOT}docs/protocol.md`, "utf8");

interface Rule {
  readonly number: number;
  readonly text: string;
  readonly tests: readonly (readonly [file: string, title: string])[];
}

const RULES: readonly Rule[] = DOCUMENT.split(/^- \*\*R/m)
  .slice(1)
  .map((part) => {
    const [rule = ""] = part.split(/\n(?:\n|#)/);
    const tests = [...rule.matchAll(/^ {2}_([^:\n]+): "(.+)"_$/gm)];
    return {
      number: Number.parseInt(rule, 10),
      text: rule.replace(/^ {2}_.*_$/gm, "").trim(),
      tests: tests.map(([, file = "", title = ""]) => [file, title] as const),
    };
  });

describe("The rules of docs/protocol.md", () => {
  it("are numbered one after the other", () => {
    expect(RULES.length).toBeGreaterThan(40);
    expect(RULES.map(({ number }) => number)).toEqual(RULES.map((_, index) => index + 1));
  });

  it.each(RULES.map((rule) => [rule.number, rule] as const))(
    "R%i is shown by tests that exist",
    (_, rule) => {
      expect(rule.text).toMatch(/\.$/);
      expect(rule.tests.length).toBeGreaterThan(0);
      // Every reference is written so that it is looked at here.
      expect(rule.tests).toHaveLength([...rule.text.matchAll(/\.test\.ts/g)].length + rule.tests.length);
      for (const [file, title] of rule.tests) {
        expect(existsSync(`${ROOT}${file}`), file).toBe(true);
        expect(readFileSync(`${ROOT}${file}`, "utf8"), `${file} has a test of this title`).toContain(
          `"${title.replaceAll('"', '\\"')}"`,
        );
      }
    },
  );
});

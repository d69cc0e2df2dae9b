import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { brokerSettings } from "../src/broker/config.ts";
import type { Setting, Settings } from "../src/runtime/config.ts";
import { stateSettings } from "../src/state/config.ts";
import { workerSettings } from "../src/worker/config.ts";

const README = fileURLToPath(new URL("../README.md", import.meta.url));
const TABLE = /(<!-- settings: [^>]*-->\n)[\s\S]*?(<!-- \/settings -->)/;

const PROCESSES: readonly (readonly [string, Settings])[] = [
  ["state", stateSettings],
  ["broker", brokerSettings],
  ["worker", workerSettings],
];

/** One row per variable and meaning, with the processes that read it. */
function settingsTable(): string {
  const rows = new Map<string, { setting: Setting<unknown>; processes: string[] }>();
  for (const [process, settings] of PROCESSES) {
    for (const setting of Object.values(settings)) {
      const key = `${setting.env} ${setting.doc}`;
      const row = rows.get(key) ?? { setting, processes: [] as string[] };
      row.processes.push(process);
      rows.set(key, row);
    }
  }
  const lines = [...rows.values()].map(({ setting, processes }) => {
    const who = processes.length === PROCESSES.length ? "all" : processes.join(", ");
    return `| \`${setting.env}\` | ${who} | ${shown(setting)} | ${setting.doc} |`;
  });
  return `\n| variable | process | default | meaning |\n| --- | --- | --- | --- |\n${lines.join("\n")}\n\n`;
}

function shown(setting: Setting<unknown>): string {
  if (!("fallback" in setting)) return "required";
  const { fallback } = setting;
  if (fallback === undefined) return "";
  return typeof fallback === "object" ? `\`${JSON.stringify(fallback)}\`` : `\`${String(fallback)}\``;
}

describe("The documents", () => {
  it("list every setting in the README, as the code has it", () => {
    const readme = readFileSync(README, "utf8");
    const expected = readme.replace(TABLE, (_all, start, end) => `${start}${settingsTable()}${end}`);
    if (process.env.SCC_TEST_WRITE) writeFileSync(README, expected);

    expect(process.env.SCC_TEST_WRITE ? expected : readme).toBe(expected);
    expect(expected).toContain("SCC_AUTH_KEY_SECONDARY");
  });

  it("link only to what is there", () => {
    for (const document of [
      "README.md",
      "CONTRIBUTING.md",
      "CHANGELOG.md",
      "docs/api.md",
      "docs/architecture.md",
      "docs/certificates.md",
      "docs/decisions.md",
      "docs/guarantees.md",
      "docs/migrating.md",
      "examples/README.md",
      "examples/migrating/README.md",
    ]) {
      const url = new URL(`../${document}`, import.meta.url);
      for (const [, target = ""] of readFileSync(url, "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        expect(() => readFileSync(new URL(target, url)), `${document} links to ${target}`).not.toThrow();
      }
    }
  });
});

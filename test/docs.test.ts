import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { brokerSettings } from "../src/broker/config.ts";
import { flagOf, type Setting, type Settings } from "../src/runtime/config/config.ts";
import { stateSettings } from "../src/state/config.ts";
import { workerSettings } from "../src/worker/config.ts";

const README = fileURLToPath(new URL("../README.md", import.meta.url));
const CONFIG = fileURLToPath(new URL("../docs/config.md", import.meta.url));
const TABLE = /(<!-- settings: [^>]*-->\n)[\s\S]*?(<!-- \/settings -->)/;

const PROCESSES: readonly (readonly [string, Settings])[] = [
  ["state", stateSettings],
  ["broker", brokerSettings],
  ["worker", workerSettings],
];

/** Those that most people need; docs/config.md has all. */
const IN_README = [
  "SCC_STATE_SERVER_HOST",
  "SCC_STATE_SERVER_PORT",
  "SCC_BROKER_SERVER_PORT",
  "SOCKETCLUSTER_PORT",
  "SCC_HOST",
  "SCC_METRICS_PORT",
  "SCC_CONFIG_FILE",
  "SCC_AUTH_KEY",
  "SOCKETCLUSTER_AUTH_KEY",
  "SCC_WORKER_PROCESSES",
  "SOCKETCLUSTER_OPTIONS",
  "SCC_PUBLISH_LEVEL",
  "SCC_DRAIN_MS",
  "ENV",
];

interface Row {
  readonly setting: Setting<unknown>;
  readonly processes: string[];
}

/** One row per variable and meaning, with the processes that read it. */
function rows(): Row[] {
  const found = new Map<string, Row>();
  for (const [process, settings] of PROCESSES) {
    for (const setting of Object.values(settings)) {
      const key = `${setting.env} ${setting.doc}`;
      const row = found.get(key) ?? { setting, processes: [] as string[] };
      row.processes.push(process);
      found.set(key, row);
    }
  }
  return [...found.values()];
}

function table(columns: readonly (readonly [string, (row: Row) => string])[], shown: readonly Row[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    "",
    line(columns.map(([title]) => title)),
    line(columns.map(() => "---")),
    ...shown.map((row) => line(columns.map(([, cell]) => cell(row).replaceAll("|", "\\|")))),
    "",
    "",
  ].join("\n");
}

const variable = ({ setting }: Row): string => `\`${setting.env}\``;
const readBy = ({ processes }: Row): string =>
  processes.length === PROCESSES.length ? "all" : processes.join(", ");
const meaning = ({ setting }: Row): string => setting.doc;

function fallback({ setting }: Row): string {
  if (!("fallback" in setting)) return "required";
  const { fallback: value, fallbackText } = setting;
  if (fallbackText !== undefined) return fallbackText;
  if (value === undefined) return "";
  return typeof value === "object" ? `\`${JSON.stringify(value)}\`` : `\`${String(value)}\``;
}

/** The document with its table as the code has it; written if the test is told to. */
function fresh(document: string, content: string): { readonly is: string; readonly shouldBe: string } {
  const text = readFileSync(document, "utf8");
  const shouldBe = text.replace(TABLE, (_all, start, end) => `${start}${content}${end}`);
  if (process.env.SCC_TEST_WRITE) writeFileSync(document, shouldBe);
  return { is: process.env.SCC_TEST_WRITE ? shouldBe : text, shouldBe };
}

describe("The documents", () => {
  it("list every setting, as the code has it", () => {
    const content = table(
      [
        ["variable", (row) => variable(row) + (row.setting.secret ? " *" : "")],
        ["flag", ({ setting }) => `\`${flagOf(setting)}\``],
        ["process", readBy],
        ["default", fallback],
        ["meaning", meaning],
        ["allowed", ({ setting }) => setting.expected],
      ],
      rows(),
    );
    const { is, shouldBe } = fresh(CONFIG, content);

    expect(is).toBe(shouldBe);
    expect(shouldBe).toContain("SCC_AUTH_KEY_SECONDARY");
  });

  it("show the most important settings in the README, as the code has them", () => {
    const shown = IN_README.flatMap((name) => rows().filter(({ setting }) => setting.env === name));
    const content = table(
      [
        ["variable", variable],
        ["process", readBy],
        ["default", fallback],
        ["meaning", meaning],
      ],
      shown,
    );
    const { is, shouldBe } = fresh(README, content);

    expect(is).toBe(shouldBe);
    expect(new Set(shown.map(({ setting }) => setting.env))).toEqual(new Set(IN_README));
  });
});

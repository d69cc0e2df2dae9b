import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** Sandboxes need rights that test machines withhold; the rest keeps the browser from calling its makers. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Why tests that need a browser are skipped here; undefined where there is one. */
export function whyNoBrowser(): string | undefined {
  if (findChromium() !== undefined) return undefined;
  return "it needs the system package chromium: apt-get install -y chromium";
}

/** Whether what lacks a system package must fail instead of being skipped. */
export function mustRunAll(): boolean {
  return process.env.SCC_TEST_REQUIRE_ALL === "1";
}

/** Starts the system's Chromium without a window. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(`Cannot run this test: ${whyNoBrowser()}`);
  return await chromium.launch({ executablePath, args: ARGS });
}

function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not here: the next place is tried.
    return false;
  }
}

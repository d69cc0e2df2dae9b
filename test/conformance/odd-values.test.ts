import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { Implementation } from "./both.ts";
import { DIFFERENCES } from "./odd/differences.ts";
import type { Outcome } from "./odd/observe.ts";

const require = createRequire(import.meta.url);
const TSX = join(dirname(require.resolve("tsx/package.json")), "dist/cli.mjs");
const MAIN = fileURLToPath(new URL("odd/main.ts", import.meta.url));
const DEADLINE_MS = 180_000;

/** What each call with each odd value came to, in a process of its own. */
async function outcomes(which: Implementation): Promise<Record<string, Outcome>> {
  const options = { maxBuffer: 64 * 1024 * 1024, timeout: DEADLINE_MS };
  const { stdout } = await promisify(execFile)(process.execPath, [TSX, MAIN, which], options);
  return JSON.parse(stdout);
}

const [here, there] = await Promise.all([outcomes("native"), outcomes("upstream")]);
const differing = Object.keys(there).filter(
  (key) => JSON.stringify(here[key]) !== JSON.stringify(there[key]),
);
const known = new Map<string, string>(
  DIFFERENCES.flatMap(({ calls, values, reason }) =>
    calls.flatMap((call) => values.map((value) => [`${call} with ${value}`, reason] as const)),
  ),
);

describe("A public method that is given something odd", () => {
  it("is called on both servers, with the same", () => {
    expect(Object.keys(here)).toEqual(Object.keys(there));
    expect(Object.keys(here).length).toBeGreaterThan(1_500);
  });

  it("does what it does on the original, unless it is known to differ", () => {
    const unknown = differing.filter((key) => !known.has(key));

    expect(unknown.map((key) => ({ key, here: here[key], there: there[key] }))).toEqual([]);
  });

  it("differs where it is said to", () => {
    expect([...known.keys()].filter((key) => !differing.includes(key))).toEqual([]);
  });

  it("never ends the process", () => {
    expect(Object.entries(here).filter(([, { fatal }]) => fatal.length > 0)).toEqual([]);
  });
});

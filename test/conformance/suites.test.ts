import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const require = createRequire(import.meta.url);
const MOCHA = join(dirname(require.resolve("mocha/package.json")), "bin/mocha.js");
const OURS = fileURLToPath(new URL("ours.cjs", import.meta.url));
const TIMEOUT_MS = 10_000;
const DEADLINE_MS = 240_000;

interface Outcome {
  readonly fullTitle: string;
  readonly err: { readonly message?: string };
}

/** What mocha says of a run. */
interface Report {
  /** Of the process: the number of failures, or 99 if it did not run on our server. */
  readonly exitCode: number | null;
  readonly stats: { readonly tests: number; readonly passes: number; readonly pending: number };
  readonly tests: readonly Outcome[];
}

/** Runs a package's own integration suite, as it is published, against our built server. */
async function runSuite(packageName: string): Promise<Report> {
  const folder = dirname(require.resolve(`${packageName}/package.json`));
  const reportFile = join(mkdtempSync(join(tmpdir(), "scc-conformance-")), "report.json");
  const options = ["--no-config", "--reporter", "json", "--reporter-option", `output=${reportFile}`];
  // Some of upstream's tests wait for fixed times: on a busy machine one may see too little, and is asked again.
  const limits = ["--timeout", String(TIMEOUT_MS), "--retries", "2", "--exit"];
  const mocha = spawn(
    process.execPath,
    [MOCHA, ...options, ...limits, "--require", OURS, join(folder, "test/integration.js")],
    { env: { PATH: process.env.PATH }, stdio: "ignore", timeout: DEADLINE_MS },
  );
  const [exitCode] = await once(mocha, "exit");
  return { ...JSON.parse(readFileSync(reportFile, "utf8")), exitCode };
}

// What the packages' suites hold; a new version that holds more has to be noticed.
const SUITES = [
  { name: "socketcluster-server", version: "20.0.1", count: 77 },
  { name: "socketcluster-client", version: "20.0.2", count: 40 },
] as const;

// Before the tests are defined: each of upstream's becomes one here, by its own name.
const reports = await Promise.all(SUITES.map(({ name }) => runSuite(name)));

describe.each(SUITES.map((suite, i) => ({ ...suite, report: reports[i]! })))(
  "The suite of $name $version, on our server",
  ({ name, version, count, report }) => {
    it(`is whole: ${count} tests, none left out`, () => {
      expect(require(`${name}/package.json`).version).toBe(version);
      expect(report.stats).toMatchObject({ tests: count, passes: count, pending: 0, failures: 0 });
      expect(report.tests).toHaveLength(count);
      expect(report.exitCode).toBe(0);
    });

    it.each(report.tests)("$fullTitle", ({ err }) => {
      expect(err).toEqual({});
    });
  },
);

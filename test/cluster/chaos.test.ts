import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ResultFile } from "../../src/tools/chaos/results/result-file.ts";

const SCC = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const WITHIN_MS = 60_000;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function chaos(...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [SCC, "chaos", ...args], (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

describe("scc chaos", () => {
  it(
    "resets links under traffic, finds nothing lost, and adds the run to a file that it does not repeat",
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "scc-chaos-"));
      const out = join(folder, "results.jsonl");
      const flags = ["resets", "--brokers", "2", "--rate", "200", "--channels", "50", "--duration", "3"];

      const first = await chaos(...flags, "--out", out, "--logs", join(folder, "logs"));

      expect(first.stderr).toContain("reset connections to broker-2");
      expect(first.stdout).toMatch(/^SCENARIO .*\nresets +1 /);
      expect(first, first.stderr).toMatchObject({ code: 0 });
      const [run] = ResultFile.open(out).records;
      expect(run).toMatchObject({ lost: 0, duplicated: 0, reordered: 0, disagreed: 0, troubles: [] });
      expect(run?.acknowledged).toBeGreaterThan(1000);
      // Each channel has a subscriber on both workers.
      expect(run?.delivered).toBe(2 * (run?.acknowledged ?? 0));
      const log = readFileSync(join(folder, "logs", "resets-1", "worker-1.log"), "utf8");
      expect(log.split("linked to broker").length - 1).toBeGreaterThan(2);

      const again = await chaos(...flags, "--out", out, "--json");
      expect(again).toMatchObject({ code: 0, stderr: "" });
      expect(JSON.parse(again.stdout)).toMatchObject({ scoreboard: [{ runs: 1, good: 1 }], runs: [run] });
      rmSync(folder, { recursive: true });
    },
    WITHIN_MS,
  );

  it("lists what it can do, and refuses what it does not know with exit code 2", async () => {
    const [list, wrong, flag] = await Promise.all([chaos("--list"), chaos("nonsense"), chaos("--rate", "0")]);

    expect(list).toMatchObject({ code: 0, stdout: expect.stringMatching(/^kill-one +one of three/m) });
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("no scenario nonsense") });
    expect(flag.code).toBe(2);
  });
});

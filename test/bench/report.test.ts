import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Line } from "../../bench/record/lines.ts";
import { reportOf } from "../../bench/report/report.ts";
import { writeReport } from "../../bench/report/write.ts";
import { alone, MACHINE, measured, pair, point, session, workerThatUsed } from "./fixtures.ts";

const COSTS = [1.0, 1.3, 1.1, 1.2, 1.05];
/** Five pairs of fanout: ratios 1, 1.3, 1.1, 1.2 and 1.05 to uws. */
const FIVE = COSTS.map((cost) => pair("fanout", "uws", measured(cost), measured(1)));

describe("The report", () => {
  it("shows the median of the pairs' ratios with its spread, and says whether the target is met", () => {
    const row = rowOf([session(), ...FIVE], "CPU per delivery, ratio to uws");

    expect(row).toEqual([
      "fanout",
      "CPU per delivery, ratio to uws",
      "≤ 1.1",
      "1.1 (1..1.3)",
      "5",
      "100.0 %",
      "met",
      "`npm run bench -- --only fanout`",
    ]);
  });

  it("marks what is missed", () => {
    const pairs = COSTS.map(() => pair("fanout", "socketcluster-server", measured(2), measured(20)));
    const row = rowOf([session(), ...pairs], "ratio to socketcluster-server");

    expect(row.slice(2, 7)).toEqual(["≤ 1/14 = 0.0714", "0.1 (0.1..0.1)", "5", "140.0 %", "**missed**"]);
  });

  it("makes ratios pair by pair, not of medians", () => {
    // Medians are 2 and 2; the pairs say otherwise.
    const pairs = [
      pair("fanout", "uws", measured(2), measured(1)),
      pair("fanout", "uws", measured(1), measured(2)),
      pair("fanout", "uws", measured(6), measured(2)),
    ];

    expect(rowOf([session(), ...pairs], "ratio to uws").slice(3, 7)).toEqual([
      "2 (0.5..3)",
      "3",
      "181.8 %",
      "**missed** (fewer than 5)",
    ]);
  });

  it("compares values with targets that are values, whichever peer was beside", () => {
    const connect = (ms: number) => measured(1, { processes: [{ ...workerThatUsed(1), connectCpuMs: ms }] });
    const lines = [session(), pair("connect", "ws", connect(14), connect(20)), alone("connect", connect(18))];

    // 100 connections: 140 and 180 µs each.
    expect(rowOf(lines, "CPU per connection made").slice(2, 7)).toEqual([
      "≤ 150 µs",
      "160 (140..180) µs",
      "2",
      "106.7 %",
      "**missed** (fewer than 5)",
    ]);
  });

  it("tells a broker's CPU per message apart from that of all processes per delivery", () => {
    const broker = { ...workerThatUsed(0.3), name: "broker 1", role: "broker" } as const;
    const run = measured(0, { processes: [workerThatUsed(20), broker], published: 100 });
    const { markdown } = reportOf([session(), alone("cluster-many", run)]);

    expect(rowOf([session(), alone("cluster-many", run)], "broker's CPU per message")[3]).toBe("3 µs");
    expect(rowOf([session(), alone("cluster-many", run)], "cluster-many")[3]).toBe("20.3 µs");
    expect(markdown).toContain("| scc | broker 1 | 0.3 | 3 |");
  });

  it("names peers that are missing, with the reason, wherever they are missed", () => {
    const lines = [session({ missing: { uws: "needs a newer C library" } }), alone("fanout", measured(1))];
    const { markdown } = reportOf(lines);

    expect(rowOf(lines, "CPU per delivery, ratio to uws")[6]).toBe("not measured (uws is missing)");
    expect(markdown).toContain("**missing**: needs a newer C library");
    expect(markdown).toContain("Missing: uws (needs a newer C library).");
  });

  it("does not call a peer missing that has been measured in another session", () => {
    const { markdown } = reportOf([session(), ...FIVE, session({ missing: { uws: "broken now" } })]);

    expect(markdown).not.toContain("broken now");
  });

  it("shows whatever was lost, repeated, reordered or changed, and what was said of errors", () => {
    const bad = measured(1, {
      lost: 3,
      duplicated: 2,
      reordered: 1,
      malformed: 4,
      errors: { "ECONN|RESET": 7 },
    });
    const { markdown } = reportOf([session(), pair("fanout", "ws", measured(1), bad)]);

    expect(markdown).toContain("| fanout | ws | 3 | 2 | 1 | 4 | ECONN\\|RESET (7) |");
    expect(markdown).toContain("3 / 2 / 1 / 4");
    expect(reportOf([session(), ...FIVE]).markdown).toContain("No run lost");
  });

  it("shows runs that failed, until they are made up for", () => {
    const failure = {
      kind: "failure",
      at: "2026-11-23T10:00:00.000Z",
      of: "fanout",
      contender: "uws",
      reason: "it ended",
    } as const;

    expect(reportOf([session(), failure]).markdown).toContain("| fanout | uws | it ended |");
    expect(reportOf([session(), failure, ...FIVE]).markdown).not.toContain("it ended");
    expect(reportOf([session(), ...FIVE, failure]).markdown).toContain("it ended");
  });

  it("puts only results of one machine together: the last one", () => {
    const other = session({ machine: { ...MACHINE, cpu: "Other CPU" } });
    const { markdown } = reportOf([
      other,
      pair("fanout", "uws", measured(9), measured(1)),
      session(),
      ...FIVE,
    ]);

    expect(markdown).toContain("Test CPU, 2 cores");
    expect(markdown).toContain("2 lines of other machines are left out");
    expect(markdown).not.toContain("Other CPU");
    expect(markdown).toContain("1.1 (1..1.3)");
  });

  it("says so when several commits, quick runs or disturbed ones are among the results", () => {
    const disturbed = pair("fanout", "uws", measured(1, { foreignCores: 0.7 }), measured(1));
    const { markdown } = reportOf([session(), disturbed, session({ commit: "def5678", quick: true })]);

    expect(markdown).toContain("commit abc1234, def5678");
    expect(markdown).toContain("Several commits");
    expect(markdown).toContain("Quick runs");
    expect(markdown).toContain("In 1 of 2 runs other programs used more than 0.2 cores");
  });

  it("has a table and charts per study, with memory per what is counted", () => {
    const lines = [
      session(),
      point("channels", 1000, "scc", measured(2)),
      point("channels", 1000, "scc", measured(4)),
      point("channels", 10_000, "scc", measured(5)),
      point("channels", 1000, "uws", measured(1, { note: "fewer" })),
    ];
    const { markdown, charts } = reportOf(lines);

    expect(markdown).toContain("| 1,000 | 2 | 3 (2..4) | 1 | 0.5 (0.5..0.5) | 0.5 | fewer |");
    expect(markdown).toContain("| 10,000 | 1 | 5 |");
    expect(markdown).toContain("![channels-cpu](charts/channels-cpu.svg)");
    expect(charts.get("channels-cpu")).toContain("scc: 3 at 1k, 5 at 10k. uws: 1 at 1k.");
    expect(charts.has("workers-cpu")).toBe(false);
  });

  it("tells the memory of a role per process of it, and writes sizes as sizes", () => {
    const broker = {
      ...workerThatUsed(1),
      name: "broker 1",
      role: "broker",
      rssBytes: 999 * 2 ** 20,
    } as const;
    const run = measured(1, { processes: [workerThatUsed(1), workerThatUsed(1), broker] });
    const { markdown, charts } = reportOf([
      session(),
      point("workers", 2, "scc", run),
      point("payloads", 16_384, "scc", measured(9)),
    ]);

    // Two workers of 50 MB each; the broker is not theirs.
    expect(markdown).toContain("scc: MB per worker |\n| --- | --- | --- | --- |\n| 2 | 1 | 3 | 50 |");
    expect(markdown).toContain("| 16 KiB | 1 | 9 |");
    expect(charts.get("payloads-cpu")).toContain("scc: 9 at 16 KiB.");
  });

  it("has a chart of what was compared, without those who were not", () => {
    const { charts } = reportOf([session(), ...FIVE]);

    expect([...charts.keys()]).toEqual(["cpu"]);
    expect(charts.get("cpu")).toContain("fanout: scc 1.1, uws 1.");
  });

  it("can be made from nothing", () => {
    const { markdown, charts } = reportOf([]);

    expect(markdown).toContain("Nothing has been measured yet.");
    expect(markdown).toContain("not measured");
    expect(charts.size).toBe(0);
  });
});

describe("A written report", () => {
  it("leaves no chart of an earlier one behind, and no file that is not its own touched", () => {
    const folder = mkdtempSync(join(tmpdir(), "scc-bench-"));
    folders.add(folder);
    writeReport(folder, [session(), alone("idle", measured(1))]);
    writeFileSync(join(folder, "charts", "note.txt"), "mine");
    const file = writeReport(folder, [session(), ...FIVE]);

    expect(readdirSync(join(folder, "charts")).toSorted()).toEqual(["cpu.svg", "note.txt"]);
    expect(readFileSync(file, "utf8")).toMatch(/^# Benchmark\n/);
  });
});

const folders = new Set<string>();

afterEach(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
  folders.clear();
});

/** The cells of the first row of the table of targets that has a text. */
function rowOf(lines: readonly Line[], text: string): string[] {
  const row = reportOf(lines)
    .markdown.split("\n")
    .find((line) => line.startsWith("|") && line.includes(text));
  if (row === undefined) throw new Error(`No row has "${text}"`);
  return row.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, ""));
}

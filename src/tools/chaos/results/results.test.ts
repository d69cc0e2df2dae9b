import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { ConfigError } from "../../../runtime/errors.ts";
import { isGood, keyOf } from "./record.ts";
import { ResultFile } from "./result-file.ts";
import { rowsOf, spreadOf, toTable } from "./scoreboard.ts";
import { goodRun } from "./test-records.ts";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function fileName(): string {
  const folder = mkdtempSync(join(tmpdir(), "scc-chaos-"));
  folders.push(folder);
  return join(folder, "results.jsonl");
}

describe("A run", () => {
  it("is good only if nothing was lost, doubled, in another order or made up, and nothing went wrong", () => {
    expect(isGood(goodRun({ rejected: { PublishTimeoutError: 3 } }))).toBe(true);
    for (const fault of ["lost", "duplicated", "reordered", "disagreed", "unknown"])
      expect(isGood(goodRun({ [fault]: 1 })), fault).toBe(false);
    expect(isGood(goodRun({ troubles: ["worker-1 ended by itself"] }))).toBe(false);
  });

  it("is of another series where anything about its conditions differs", () => {
    expect(keyOf(goodRun({ lost: 1, at: "later" }))).toBe(keyOf(goodRun()));
    for (const change of [{ rate: 2000 }, { brokers: 4 }, { system: "upstream" }, { publishMs: 1 }])
      expect(keyOf(goodRun(change))).not.toBe(keyOf(goodRun()));
  });
});

describe("The file of results", () => {
  it("only ever grows, and gives back what was put in", () => {
    const name = fileName();
    ResultFile.open(name).add(goodRun({ sent: 1 }));
    const before = readFileSync(name, "utf8");
    ResultFile.open(name).add(goodRun({ sent: 2, lost: 3 }));

    expect(readFileSync(name, "utf8").startsWith(before)).toBe(true);
    expect(ResultFile.open(name).records).toEqual([goodRun({ sent: 1 }), goodRun({ sent: 2, lost: 3 })]);
  });

  it("passes over a last line that was cut off, and keeps what comes behind it", () => {
    const name = fileName();
    ResultFile.open(name).add(goodRun());
    appendFileSync(name, JSON.stringify(goodRun()).slice(0, 100));
    ResultFile.open(name).add(goodRun({ sent: 2 }));

    expect(readFileSync(name, "utf8").split("\n")).toHaveLength(4);
    expect(ResultFile.open(name).records.map(({ sent }) => sent)).toEqual([13_000, 2]);
  });

  it("refuses a file that holds something else, and one that cannot be written", () => {
    const name = fileName();
    writeFileSync(name, '{"name":"package"}\n{"more":1}\n');

    expect(() => ResultFile.open(name)).toThrow(ConfigError);
    expect(() => ResultFile.open(name)).toThrow(/line 1 is no run/);
    expect(() => ResultFile.open(join(name, "below"))).toThrow(ConfigError);
  });
});

describe("The scoreboard", () => {
  it("says least, middle and most of the runs of one scenario", () => {
    const runs = [5, 0, 2].map((lost) =>
      goodRun({ lost, pause: { longestMs: lost * 1000, medianMs: 1, p90Ms: 2 } }),
    );
    const [row] = rowsOf(runs);

    expect(row).toMatchObject({ runs: 3, good: 1 });
    expect(row?.measures.lost).toEqual({ min: 0, median: 2, max: 5 });
    expect(toTable(rowsOf(runs), false)).toMatch(
      /kill-one +3 +13,000 +13,000 +0 \/ 2 \/ 5 .* 0 ms \/ 2.0 s \/ 5.0 s$/m,
    );
  });

  it("keeps apart what was run under other conditions", () => {
    expect(rowsOf([goodRun(), goodRun({ rate: 400 }), goodRun()]).map(({ runs }) => runs)).toEqual([2, 1]);
  });

  it("counts what two subscribers saw in different orders as reordered", () => {
    expect(rowsOf([goodRun({ reordered: 1, disagreed: 2 })])[0]?.measures.reordered.max).toBe(3);
  });

  it("names the errors with which publishes were rejected, and what went wrong", () => {
    const run = goodRun({ rejected: { PublishTimeoutError: 731 }, troubles: ["worker-1 ended by itself"] });
    const table = toTable(rowsOf([run, run]), false);

    expect(table).toContain("kill-one: 1,462 rejected with PublishTimeoutError");
    expect(table).toContain("kill-one: worker-1 ended by itself");
  });

  it("has colours only where they are wished for, and red only where something was lost", () => {
    const ansi = "\u001b[";
    expect(toTable(rowsOf([goodRun({ lost: 1 })]), false)).not.toContain(ansi);
    expect(toTable(rowsOf([goodRun({ lost: 1 })]), true)).toContain(`${ansi}31m`);
    expect(toTable(rowsOf([goodRun()]), true)).not.toContain(`${ansi}31m`);
  });

  it("takes the lower one of two in the middle", () => {
    expect(spreadOf([4, 1, 3, 2])).toEqual({ min: 1, median: 2, max: 4 });
    expect(spreadOf([])).toEqual({ min: 0, median: 0, max: 0 });
  });
});

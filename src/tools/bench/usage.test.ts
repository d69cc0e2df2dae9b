import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { parsePs, parseStat, totalOf, usageIn, usageOf } from "./usage.ts";

describe("The usage of processes", () => {
  it("is read from /proc in ticks and pages, whatever the program is called", () => {
    const line =
      "42 (a) b (c) S 7 42 42 0 -1 4194560 9 9 9 9 150 25 20 5 20 0 11 0 1000 999999 300 18446744073709551615 1 1";

    expect(parseStat(line)).toEqual({ parent: 7, cpuMs: 2000, rssBytes: 300 * 4096 });
    expect(parseStat(line, { tickMs: 1, pageBytes: 16_384 })).toMatchObject({
      cpuMs: 200,
      rssBytes: 300 * 16_384,
    });
  });

  it("is read from ps, with minutes, hours and days", () => {
    const table = parsePs("    1     0   1024   0:01.50\n  77     1  20 01:02:03\n 78 1 0 2-00:00:01\n");

    expect(table.get(1)).toEqual({ parent: 0, cpuMs: 1500, rssBytes: 2 ** 20 });
    expect(table.get(77)?.cpuMs).toBe(3_723_000);
    expect(table.get(78)?.cpuMs).toBe(172_801_000);
    expect(table.size).toBe(3);
  });

  it("counts descendants of every generation, and nobody else", () => {
    const table = new Map([
      [1, { parent: 0, cpuMs: 1000, rssBytes: 1000 }],
      [10, { parent: 1, cpuMs: 1, rssBytes: 10 }],
      [30, { parent: 20, cpuMs: 4, rssBytes: 40 }],
      [20, { parent: 10, cpuMs: 2, rssBytes: 20 }],
    ]);

    expect(usageIn(table, 10)).toEqual({ cpuMs: 7, rssBytes: 70, processes: 3 });
    expect(() => usageIn(table, 11)).toThrow("Cannot measure process 11: it is gone");
  });

  it("adds up, and leaves shared memory out where one does not know it", () => {
    const known = { cpuMs: 1, rssBytes: 2, pssBytes: 3, processes: 1 };
    const unknown = { cpuMs: 10, rssBytes: 20, processes: 2 };

    expect(totalOf([known, known])).toEqual({ cpuMs: 2, rssBytes: 4, pssBytes: 6, processes: 2 });
    expect(totalOf([known, unknown])).toEqual({ cpuMs: 11, rssBytes: 22, processes: 3 });
  });

  it("grows with what a real process and its child do", async () => {
    const parent = spin();
    await once(parent.stdout!, "data");

    const [first] = (await usageOf([parent.pid!], { pss: true }))!;
    let last = first!;
    const deadline = performance.now() + 10_000;
    while (last.cpuMs < first!.cpuMs + 50 && performance.now() < deadline) {
      [last] = (await usageOf([parent.pid!])) as [typeof last];
    }

    expect(first!.processes).toBe(2);
    expect(last.cpuMs).toBeGreaterThanOrEqual(first!.cpuMs + 50);
    expect(first!.rssBytes).toBeGreaterThan(2 * 2 ** 20);
    if (existsSync("/proc/self/smaps_rollup")) {
      expect(first!.pssBytes).toBeGreaterThan(2 ** 20);
      // Two processes of one program share its pages.
      expect(first!.pssBytes).toBeLessThan(first!.rssBytes);
    }
  });
});

/** A process that waits for a child, and the child works. */
function spin(): ChildProcess {
  const work = "console.log('works'); for (;;) Math.sqrt(2)";
  const parent = spawn(
    process.execPath,
    [
      "-e",
      `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(work)}], { stdio: "inherit" })`,
    ],
    { stdio: ["ignore", "pipe", "inherit"], detached: true },
  );
  started.add(parent);
  return parent;
}

const started = new Set<ChildProcess>();

afterEach(() => {
  for (const child of started) process.kill(-child.pid!, "SIGKILL");
  started.clear();
});

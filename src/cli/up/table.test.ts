import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { type Life, unborn } from "./life.ts";
import { type Row, renderTable } from "./table.ts";

const NOW = 4_000_000;
const wide = { width: 80, height: 24, colours: false };
const running: Life = { ...unborn, phase: "ready", pid: 71, startedAt: NOW - 7000, restarts: 0 };

describe("renderTable", () => {
  it("shows a line per service", () => {
    const rows = [
      row("scc-state", 7777, running),
      row("scc-broker", 8888, { ...running, phase: "starting", reason: "no ring yet", pid: 123456 }),
      row("scc-worker", 8000, dead("SIGKILL")),
    ];

    expect(renderTable(rows, wide, NOW)).toEqual([
      "SERVICE     PORT     PID  UPTIME  RESTARTS  STATE",
      "scc-state   7777      71      7s         0  ready",
      "scc-broker  8888  123456      7s         0  starting (no ring yet)",
      "scc-worker  8000       -       -         2  restarting in 2s (SIGKILL)",
    ]);
  });

  it.each([
    [7000, "7s"],
    [247_000, "4m 07s"],
    [7_500_000, "2h 05m"],
    [262_900_000, "3d 1h"],
  ])("shows %i ms of uptime as %s", (ms, text) => {
    const [, line] = renderTable([row("scc-state", 7777, running)], wide, running.startedAt + ms);

    expect(line).toContain(` ${text} `);
  });

  it.each([100, 50, 44, 38, 20, 5])("is never wider than a terminal of %i columns", (width) => {
    const rows = [
      row("scc-worker", 8000, { ...running, phase: "not ready", reason: "links are down ".repeat(9) }),
    ];

    for (const line of renderTable(rows, { ...wide, width }, NOW))
      expect(line.length).toBeLessThanOrEqual(width);
  });

  it("leaves out restarts, then uptime, then the pid where it is narrow", () => {
    const titles = (width: number): string | undefined =>
      renderTable([row("scc-worker", 8000, running)], { ...wide, width }, NOW)[0];

    expect(titles(50)).toBe("SERVICE     PORT  PID  UPTIME  STATE");
    expect(titles(40)).toBe("SERVICE     PORT  PID  STATE");
    expect(titles(36)).toBe("SERVICE     PORT  STATE");
  });

  it("shows those that need attention where the terminal is low", () => {
    const rows = Array.from({ length: 10 }, (_, index) =>
      row("scc-worker", 8000 + index, index === 7 ? dead("exit code 1") : running),
    );

    const lines = renderTable(rows, { ...wide, height: 4 }, NOW);

    expect(lines).toHaveLength(4);
    expect(lines[1]).toContain("8000");
    expect(lines[2]).toContain("8007");
    expect(lines[3]).toBe("and 8 more");
  });

  it("colours the state, and nothing about the text changes", () => {
    const rows = [row("scc-state", 7777, running), row("scc-worker", 8000, dead("SIGKILL"))];

    const coloured = renderTable(rows, { ...wide, colours: true }, NOW);

    expect(coloured[1]).toContain("\x1b[32mready\x1b[39m");
    expect(coloured[2]).toContain("\x1b[31mrestarting");
    expect(coloured.map(stripVTControlCharacters)).toEqual(renderTable(rows, wide, NOW));
  });
});

function row(service: Row["plan"]["service"], port: number, life: Life): Row {
  return { plan: { service, port }, life };
}

function dead(reason: string): Life {
  const { pid, ...rest } = running;
  return { ...rest, phase: "restarting", reason, restartAt: NOW + 1500, restarts: 2 };
}

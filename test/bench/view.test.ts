import { describe, expect, it } from "vitest";
import { SCENARIOS } from "../../bench/suite/scenarios.ts";
import type { Step } from "../../bench/suite/schedule.ts";
import { STUDIES } from "../../bench/suite/studies.ts";
import { duration, rowOf, tableLines } from "../../bench/view/board.ts";
import { PlainView } from "../../bench/view/plain-view.ts";
import { TerminalView } from "../../bench/view/terminal-view.ts";
import { measured, pair, point, session } from "./fixtures.ts";

const FANOUT: Step = {
  kind: "comparison",
  scenario: SCENARIOS.find(({ name }) => name === "fanout")!,
  peer: "uws",
};
const WORKERS: Step = {
  kind: "growth",
  study: STUDIES.find(({ name }) => name === "workers")!,
  value: 2,
  contender: "scc",
};
const LINES = [
  session(),
  pair("fanout", "uws", measured(1), measured(2)),
  pair("fanout", "uws", measured(3), measured(2)),
  pair("fanout", "ws", measured(100), measured(2)),
  point("workers", 2, "scc", measured(30)),
];

describe("A row", () => {
  it("shows the pairs with one peer: how many, the costs of both, and the ratio", () => {
    expect(rowOf(FANOUT, LINES, 5)).toMatchObject({
      name: "fanout",
      against: "uws",
      done: "2/5",
      ours: "2 (1..3) µs",
      theirs: "2 (2..2) µs",
      ratio: "1 (0.5..1.5) x",
    });
  });

  it("shows a point of a study", () => {
    expect(rowOf(WORKERS, LINES, 3)).toMatchObject({
      name: "workers 2",
      done: "1/3",
      ours: "30 µs",
      ratio: "",
    });
  });

  it("is empty before anything has been measured", () => {
    expect(rowOf(FANOUT, [], 5)).toMatchObject({ done: "0/5", ours: "", theirs: "", ratio: "" });
  });
});

describe("The table", () => {
  it("is aligned, and no wider than the terminal", () => {
    const lines = tableLines([rowOf(FANOUT, LINES, 5), rowOf(WORKERS, LINES, 3)], 40);

    expect(lines[0]).toBe("           AGAINST  DONE  SCC          P");
    expect(lines[1]).toBe("fanout     uws      2/5   2 (1..3) µs  2");
    expect(lines[2]).toBe("workers 2  scc      1/3   30 µs");
  });

  it("says how long things take in words", () => {
    expect([900, 59_000, 61_000, 3_600_000, 7_500_000].map(duration)).toEqual([
      "1 s",
      "59 s",
      "1 min",
      "1 h 00 min",
      "2 h 05 min",
    ]);
  });
});

describe("The view in pipes", () => {
  it("writes a line per step without escape codes, and the table at the end", () => {
    let text = "";
    const view = new PlainView((written) => {
      text += written;
    });
    view.begin([rowOf(FANOUT, [], 5)], 5);
    view.measured(rowOf(FANOUT, LINES, 5));
    view.failed(FANOUT, "uws", "it ended");
    view.end();

    expect(text).toContain("5 steps\nfanout  uws  2/5  2 (1..3) µs  2 (2..2) µs  1 (0.5..1.5) x\n");
    expect(text).toContain("fanout uws failed, uws: it ended\n");
    expect(text).toMatch(/AGAINST +DONE[^\n]*\nfanout +uws/);
    expect(text).not.toContain("\x1b");
  });
});

describe("The view in a terminal", () => {
  it("shows the table, what is being measured and how long it will take, and leaves the table behind", () => {
    let now = 0;
    const terminal = screen();
    const view = new TerminalView(terminal, () => now);
    view.begin([rowOf(FANOUT, [], 5), rowOf(WORKERS, [], 3)], 8);
    view.standing(FANOUT, "uws", { phase: "measure", done: 0.5, deliveredPerSecond: 93_412 });
    expect(terminal.last()).toContain("fanout uws: uws, measure [##########----------]  93,400 deliveries/s");

    now = 60_000;
    view.measured(rowOf(FANOUT, LINES, 5));
    expect(terminal.last()).toContain("1 of 8 done, about 7 min left");

    view.end();
    expect(terminal.text.slice(terminal.text.lastIndexOf("AGAINST"))).toContain("2 (1..3) µs");
    expect(terminal.last()).toBe("\x1b[?25h");
  });

  it("draws over exactly the lines that it has drawn", () => {
    const terminal = screen();
    const view = new TerminalView(terminal);
    view.begin([rowOf(FANOUT, [], 5)], 5);
    const drawn = terminal.last().split("\n").length - 1;
    view.measured(rowOf(FANOUT, LINES, 5));

    expect(terminal.last().startsWith(`\x1b[${drawn}A\r\x1b[0J`)).toBe(true);
  });

  it("shows the rows around the one that is measured where there is no room for all", () => {
    const terminal = screen(8);
    const view = new TerminalView(terminal);
    const steps = SCENARIOS.map((scenario): Step => ({ kind: "comparison", scenario, peer: undefined }));
    view.begin(
      steps.map((step) => rowOf(step, [], 1)),
      steps.length,
    );
    view.standing(steps[7]!, "scc", { phase: "measure", done: 0, deliveredPerSecond: 0 });

    expect(terminal.last().split("\n").length - 1).toBeLessThan(8);
    expect(terminal.last()).toContain(`\n${SCENARIOS[7]!.name}`);
    expect(terminal.last()).not.toContain(`\n${SCENARIOS[0]!.name} `);
  });
});

function screen(rows = 24) {
  const writes: string[] = [];
  return {
    columns: 100,
    rows,
    write: (text: string) => writes.push(text),
    last: () => writes.at(-1) ?? "",
    get text() {
      return writes.join("");
    },
  };
}

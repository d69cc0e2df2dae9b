import { describe, expect, it } from "vitest";
import type { Progress } from "../../tools/bench/plan.ts";
import { ProgressLine } from "./progress.ts";

const PROGRESS: Progress = {
  phase: "connect",
  done: 0.5,
  connections: 500,
  published: 10,
  delivered: 1000,
  deliveredPerSecond: 12_345.6,
};

function shown(isTTY: boolean, plain: boolean, columns = 120): string {
  let text = "";
  const line = new ProgressLine({ isTTY, columns, write: (more: string) => (text += more) }, plain);
  line.say("starting servers");
  line.show(PROGRESS);
  line.show(PROGRESS);
  line.show({ ...PROGRESS, phase: "measure", done: 1 });
  line.end();
  return text;
}

describe("The progress of a run", () => {
  it("is a line for each phase where there is no terminal, or none that can move", () => {
    expect(shown(false, false)).toBe("starting servers\nconnecting\nmeasuring\n");
    expect(shown(true, true)).toBe(shown(false, false));
  });

  it("is one line in a terminal that is drawn over itself and taken away at the end", () => {
    const drawn = shown(true, false).split("\r\x1b[K");

    expect(drawn).toEqual([
      "",
      "starting servers",
      "connecting [==========          ] 500 connections",
      "connecting [==========          ] 500 connections",
      "measuring  [====================] 500 connections, 12,346 deliveries per second",
      "",
    ]);
  });

  it("is never longer than the terminal is wide", () => {
    for (const line of shown(true, false, 40).split("\r\x1b[K")) expect(line.length).toBeLessThan(40);
  });
});

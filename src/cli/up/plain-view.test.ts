import { describe, expect, it } from "vitest";
import { type Life, unborn } from "./life.ts";
import { describeLife } from "./plain-view.ts";

const ready: Life = { ...unborn, phase: "ready", pid: 71, restarts: 0 };

describe("describeLife", () => {
  it.each<[Life, string]>([
    [{ ...ready, phase: "starting" }, "starting (pid 71)"],
    [{ ...ready, phase: "starting", reason: "no ring yet" }, "starting (pid 71): no ring yet"],
    [ready, "ready (pid 71)"],
    [{ ...ready, phase: "not ready", reason: "no answer" }, "not ready (pid 71): no answer"],
    [
      { ...unborn, phase: "restarting", reason: "SIGKILL", restartAt: 1700 },
      "restarting in 0.7s after SIGKILL",
    ],
    [
      { ...unborn, phase: "restarting", reason: "exit code 1", restartAt: 900 },
      "restarting in 0.0s after exit code 1",
    ],
    [{ ...ready, phase: "stopping" }, "stopping (pid 71)"],
    [{ ...unborn, phase: "stopped", reason: "exit code 0" }, "stopped (exit code 0)"],
    [{ ...unborn, phase: "stopped" }, "stopped"],
  ])("says it in a line: %#", (life, line) => {
    expect(describeLife(life, 1000)).toBe(line);
  });
});

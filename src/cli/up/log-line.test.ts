import { describe, expect, it } from "vitest";
import { isLoud, readLogLine } from "./log-line.ts";

const warning = {
  level: "warn",
  time: "2026-01-02T03:04:05.678Z",
  service: "scc-worker",
  instance: "8000",
  code: 4008,
  reason: "too slow",
  msg: "slow consumer closed",
};

describe("readLogLine", () => {
  it("makes a JSON line readable: when, how bad, who, what, and the fields", () => {
    expect(readLogLine("scc-worker", JSON.stringify(warning))).toEqual({
      level: "warn",
      text: "03:04:05 warn scc-worker 8000: slow consumer closed code=4008 reason=too slow",
    });
  });

  it.each(["hello", "{not json", "{}", '"text"', ""])("shows %j, which is no log line, as it is", (line) => {
    expect(readLogLine("scc-worker 8000", line).text).toBe(`scc-worker 8000: ${line}`);
  });

  it("lets no line steer the terminal", () => {
    expect(readLogLine("scc-worker 8000", "\x1b[2Jgone\x07").text).toBe(
      "scc-worker 8000: \\u001b[2Jgone\\u0007",
    );
    expect(readLogLine("w", JSON.stringify({ level: "warn", msg: "\x1b[2J" })).text).not.toContain("\x1b");
  });
});

describe("isLoud", () => {
  it("is true of warnings, errors and a user's own output", () => {
    const loud = ["warn", "error", "fatal", "text"].map((level) => isLoud({ level, text: "" }));
    const quiet = ["info", "debug", "trace"].map((level) => isLoud({ level, text: "" }));

    expect(loud).toEqual([true, true, true, true]);
    expect(quiet).toEqual([false, false, false]);
  });
});

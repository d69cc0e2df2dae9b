import { describe, expect, it } from "vitest";
import { adviceOn, describeExit, Pauses, WELL_AFTER_MS } from "./exits.ts";

describe("The pause before a dead process gets a successor", () => {
  it("is none for the first death, and grows while they die quickly", () => {
    const pauses = new Pauses(() => 1);

    expect([0, 100, WELL_AFTER_MS - 1, 0].map((servedMs) => pauses.next(servedMs))).toEqual([
      0, 1000, 2000, 4000,
    ]);
  });

  it("never grows above half a minute", () => {
    const pauses = new Pauses(() => 1);
    for (let death = 0; death < 50; death++) pauses.next(0);

    expect(pauses.next(0)).toBe(30_000);
  });

  it("is none again for a process that had been well", () => {
    const pauses = new Pauses(() => 1);
    pauses.next(0);
    pauses.next(0);

    expect(pauses.next(WELL_AFTER_MS)).toBe(0);
    expect(pauses.next(0)).toBe(1000);
  });
});

describe("The end of a process", () => {
  it("is described, with what to do about it", () => {
    expect(describeExit({ code: null, signal: "SIGKILL" })).toBe("SIGKILL");
    expect(describeExit({ code: 1, signal: null })).toBe("exit code 1");
    expect(describeExit({ code: null, signal: null })).toBe("could not be started");
    expect(adviceOn({ code: null, signal: "SIGKILL" })).toContain("memory");
    expect(adviceOn({ code: null, signal: "SIGABRT" })).toContain("--max-old-space-size");
    expect(adviceOn({ code: null, signal: "SIGSEGV" })).toContain("native");
    expect(adviceOn({ code: null, signal: null })).toContain("limits");
    expect(adviceOn({ code: 0, signal: null })).toContain("process.exit()");
    expect(adviceOn({ code: 2, signal: null })).toContain("configuration");
    expect(adviceOn({ code: 1, signal: null })).toContain("last lines");
  });
});

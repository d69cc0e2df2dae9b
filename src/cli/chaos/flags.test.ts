import { describe, expect, it } from "vitest";
import { ConfigError } from "../../runtime/errors.ts";
import { asked, type ChaosFlags } from "./flags.ts";

const FLAGS: ChaosFlags = { rate: 1000, channels: 200, runs: 1 };
const WORLD = { entry: "main.js", env: {} };

function problemsOf(names: readonly string[], flags: Partial<ChaosFlags> = {}): readonly string[] {
  try {
    asked(names, { ...FLAGS, ...flags }, WORLD);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe("What scc chaos is asked for", () => {
  it("is every scenario that is possible, where none is named", () => {
    const { series, leftOut } = asked([], FLAGS, WORLD);

    expect(series.scenarios.map(({ name }) => name)).toContain("soak");
    // Run from the sources, there is no worker of upstream's.
    expect(leftOut).toEqual([expect.stringMatching(/^upstream-leaves: .*npm install/)]);
  });

  it("is each scenario once, in the order in which they are named", () => {
    const { series } = asked(["stall", "cut", "stall"], FLAGS, WORLD);

    expect(series.scenarios.map(({ name }) => name)).toEqual(["stall", "cut"]);
  });

  it("is refused with all that is wrong: unknown names, too few brokers, a length that is fixed", () => {
    expect(problemsOf(["kill-one", "nonsense", "soak"], { brokers: 1, duration: 5000 })).toEqual([
      "there is no scenario nonsense: see scc chaos --list",
      "--duration: the length of kill-one is fixed",
      "kill-one: kill-one needs 2 brokers or more",
      "soak: soak needs 2 brokers or more",
    ]);
    expect(problemsOf(["resets"], { duration: 5000 })).toEqual([]);
  });

  it("is refused where the file of the system cannot be read", () => {
    expect(problemsOf([], { system: "/no/such/file.json" })[0]).toMatch(/--system \/no\/such\/file\.json/);
  });

  it("has the seed that was given", () => {
    expect(asked([], { ...FLAGS, seed: 4711 }, WORLD).series.seed).toBe(4711);
  });
});

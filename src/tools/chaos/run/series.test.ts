import { describe, expect, it } from "vitest";
import { goodRun } from "../results/test-records.ts";
import { scenarioNamed } from "../scenarios/scenarios.ts";
import { memoryOf } from "./memory.ts";
import { conditionsOf, dueRuns, type SeriesOptions } from "./series.ts";

function series(change: Partial<SeriesOptions> = {}): SeriesOptions {
  const scenarios = ["kill-one", "soak"].flatMap((name) => scenarioNamed(name) ?? []);
  return {
    scenarios,
    runs: 2,
    rate: 1000,
    channels: 200,
    system: "sccluster",
    wishes: {},
    seed: 10,
    ...change,
  };
}

describe("A series", () => {
  it("makes the first run of all scenarios before the second ones, each with a seed of its own", () => {
    const due = dueRuns(series(), []);

    expect(due.map(({ scenario, number, seed }) => [scenario.name, number, seed])).toEqual([
      ["kill-one", 1, 10],
      ["soak", 1, 10],
      ["kill-one", 2, 11],
      ["soak", 2, 11],
    ]);
    expect(due[1]?.plan).not.toEqual(due[3]?.plan);
  });

  it("goes on where it stopped, and does not count runs under other conditions", () => {
    const options = series();
    const done = options.scenarios.slice(0, 1).map((scenario) => goodRun(conditionsOf(scenario, options)));
    const other = done.map((run) => ({ ...run, rate: 400 }));

    expect(
      dueRuns(options, [...done, ...other]).map(({ scenario, number }) => [scenario.name, number]),
    ).toEqual([
      ["soak", 1],
      ["kill-one", 2],
      ["soak", 2],
    ]);
    expect(dueRuns({ ...options, scenarios: options.scenarios.slice(0, 1), runs: 1 }, done)).toEqual([]);
  });

  it("says what was run as it was wished", () => {
    const conditions = conditionsOf(scenarioNamed("kill-one")!, series({ wishes: { brokers: 5 } }));

    expect(conditions).toMatchObject({ scenario: "kill-one", brokers: 5, workers: 2, rate: 1000 });
  });
});

describe("The memory of a process", () => {
  it("is compared between the middle and the end of a run", () => {
    const samples = Array.from({ length: 101 }, (_, n) => ({ at: n * 100, mb: n }));

    expect(memoryOf("broker-1", samples, 10_000)).toEqual({
      process: "broker-1",
      mostMb: 100,
      middleMb: 50,
      endMb: 95,
    });
  });

  it("is not compared where the process did not live that long", () => {
    const samples = [
      { at: 0, mb: 40 },
      { at: 4000, mb: 50 },
    ];

    expect(memoryOf("broker-1", samples, 10_000)).toEqual({ process: "broker-1", mostMb: 50 });
  });
});

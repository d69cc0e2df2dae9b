import { describe, expect, it } from "vitest";
import type { CrowdOutcome } from "./crowd-messages.ts";
import { type Conditions, problemsOf, recordOf, toTable } from "./record.ts";

const CONDITIONS: Conditions = {
  scenario: "roll",
  from: "aaaaaaa",
  to: "bbbbbbb",
  clients: 3,
  publishers: 1,
  channels: 1,
  rate: 10,
  drainRate: 2,
  balance: "leastconn",
};

const HOW = { at: "2026-11-23T12:00:00.000Z", seconds: 10, mostDraining: 1, troubles: [] };

function outcome(
  change: Partial<CrowdOutcome> = {},
  tally: Partial<CrowdOutcome["tally"]> = {},
): CrowdOutcome {
  return {
    tally: {
      sent: 100,
      acknowledged: 98,
      rejected: { BadConnectionError: 2 },
      unanswered: 0,
      delivered: 290,
      lost: 0,
      lostBy: {},
      duplicated: 0,
      reordered: 0,
      disagreed: 0,
      unknown: 0,
      interrupted: 3,
      missedMeanwhile: 1,
      pause: { longestMs: 40.4, channel: 0, medianMs: 40.4, p90Ms: 40.4 },
      ...tally,
    },
    missedAtParting: [12.2],
    leftOutAtParting: 0,
    missedAway: 4,
    partings: [0, 600, 1200],
    reconnects: [100, 700, 1300],
    comebacks: [100.4, 101, 900],
    closeCodes: { 1005: 3 },
    aborted: {},
    refusedSubscriptions: 0,
    missing: 0,
    mostMoves: 1,
    heldBack: 0,
    ownPauseMs: 20,
    ...change,
  };
}

describe("A rolling deploy", () => {
  it("is well when all came, everybody is back, and not faster than allowed", () => {
    const record = recordOf(CONDITIONS, outcome(), HOW);

    expect(problemsOf(record)).toEqual([]);
    expect(record).toMatchObject({ mostReconnectsInASecond: 2, allowedInASecond: 2, missedAtParting: 1 });
    expect(record.comingBack).toEqual({ count: 3, p50: 101, p95: 900, max: 900 });
    expect(toTable(record)).toContain("| rejected | 2 BadConnectionError |");
  });

  it.each<[string, Partial<CrowdOutcome>, Partial<CrowdOutcome["tally"]>]>([
    ["lost 1", {}, { lost: 1 }],
    ["lost 2", { leftOutAtParting: 2 }, {}],
    ["doubled 1", {}, { duplicated: 1 }],
    ["out of order 1", {}, { disagreed: 1 }],
    ["made up 1", {}, { unknown: 1 }],
    ["1 publishes were neither", {}, { unanswered: 1 }],
    ["1 clients are not back", { missing: 1 }, {}],
    ["p95 of coming back is 2000 ms", { comebacks: [2000] }, {}],
    ["3 reconnects in one second, more than 2", { reconnects: [1, 2, 3] }, {}],
    ["only 2 clients were moved", { partings: [0, 1] }, {}],
    ["nothing was published", {}, { sent: 0 }],
  ])("is not well with: %s", (problem, change, tally) => {
    const [first] = problemsOf(recordOf(CONDITIONS, outcome(change, tally), HOW));

    expect(first).toContain(problem);
  });

  it("counts as lost what had been acknowledged for long when a client was parted with", () => {
    const record = recordOf(CONDITIONS, outcome({ missedAtParting: [3, 1021] }), HOW);

    expect(record).toMatchObject({ lost: 1, missedAtParting: 1, missedAtPartingMs: 3 });
  });

  it("allows as many reconnects as all workers that drain at a time, and tells of troubles", () => {
    const many = outcome({ reconnects: [1, 2, 3, 4] });

    expect(problemsOf(recordOf(CONDITIONS, many, { ...HOW, mostDraining: 2 }))).toEqual([]);
    expect(
      problemsOf(recordOf(CONDITIONS, outcome(), { ...HOW, troubles: ["worker-1 was killed"] })),
    ).toEqual(["worker-1 was killed"]);
  });
});

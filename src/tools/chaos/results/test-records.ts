import type { RunRecord } from "./record.ts";

/** A run in which all went well, for tests. */
export function goodRun(change: Partial<RunRecord> = {}): RunRecord {
  return {
    scenario: "kill-one",
    system: "sccluster",
    rate: 1000,
    channels: 200,
    brokers: 3,
    workers: 2,
    publishMs: 13_000,
    at: "2026-11-23T04:00:00.000Z",
    release: "0.1.0",
    seed: 1,
    sent: 13_000,
    acknowledged: 13_000,
    rejected: {},
    unanswered: 0,
    delivered: 26_000,
    lost: 0,
    lostBy: {},
    duplicated: 0,
    reordered: 0,
    disagreed: 0,
    unknown: 0,
    interrupted: 0,
    missedMeanwhile: 0,
    pause: { longestMs: 80, channel: 7, medianMs: 12, p90Ms: 30 },
    disconnects: 0,
    heldBack: 0,
    ownPauseMs: 20,
    troubles: [],
    memory: [],
    ...change,
  };
}

import type { ContenderName, PeerName } from "../../bench/contenders/contender.ts";
import type { Measured } from "../../bench/measure/measured.ts";
import type { ComparisonLine, GrowthLine, SessionLine } from "../../bench/record/lines.ts";
import type { Machine } from "../../bench/record/machine.ts";

export const MACHINE: Machine = {
  cpu: "Test CPU",
  cores: 2,
  memoryGb: 8,
  system: "linux 6.1 x64",
  node: "v20.19.0",
};

const AT = "2026-11-23T10:00:00.000Z";

/** A run whose deliveries cost so many µs of one worker's CPU time. */
export function measured(cpuUs: number, more: Partial<Measured> = {}): Measured {
  const delivered = 1000;
  return {
    connections: 100,
    connectMs: 500,
    windowMs: 5000,
    published: 100,
    delivered,
    p50: 1,
    p99: 2,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    malformed: 0,
    errors: {},
    foreignCores: 0,
    processes: [workerThatUsed((cpuUs * delivered) / 1000)],
    ...more,
  };
}

export function workerThatUsed(cpuMs: number): Measured["processes"][number] {
  return {
    name: "worker 1",
    role: "worker",
    cpuMs,
    connectCpuMs: 20,
    rssBytes: 50 * 2 ** 20,
    rssConnectBytes: 500 * 1024,
    rssGrownBytes: 100 * 5 * 1024,
  };
}

export function session(more: Partial<SessionLine> = {}): SessionLine {
  return {
    kind: "session",
    at: AT,
    machine: MACHINE,
    commit: "abc1234",
    pinned: true,
    quick: false,
    peers: { ws: ["ws 8.18.3"] },
    missing: {},
    ...more,
  };
}

/** A pair under the load of a scenario. */
export function pair(scenario: string, peer: PeerName, ours: Measured, theirs: Measured): ComparisonLine {
  return { kind: "comparison", at: AT, scenario, ours, peer, theirs };
}

export function alone(scenario: string, ours: Measured): ComparisonLine {
  return { kind: "comparison", at: AT, scenario, ours };
}

export function point(study: string, value: number, contender: ContenderName, run: Measured): GrowthLine {
  return { kind: "growth", at: AT, study, value, contender, measured: run };
}

import type { ContenderName, PeerName } from "../contenders/contender.ts";
import type { Measured, Metric } from "../measure/measured.ts";
import type { ComparisonLine, FailureLine, GrowthLine, Line, SessionLine } from "../record/lines.ts";
import type { Machine } from "../record/machine.ts";
import { type Summary, summaryOf } from "../record/statistics.ts";

/** What a report is made from: results of one machine. */
export interface Data {
  readonly machine: Machine | undefined;
  readonly sessions: readonly SessionLine[];
  readonly comparisons: readonly ComparisonLine[];
  readonly growth: readonly GrowthLine[];
  /** Runs that came to nothing and were not made up for later. */
  readonly failures: readonly FailureLine[];
  /** Results of other machines, which are not shown. */
  readonly leftOut: number;
}

/**
 * Sorts results. Costs of different machines cannot be put together: those of the machine that was measured last
 * count.
 */
export function dataOf(lines: readonly Line[]): Data {
  const machine = lines.findLast((line) => line.kind === "session")?.machine;
  const kept = machine === undefined ? [] : linesOf(lines, machine);
  return {
    machine,
    sessions: kept.filter((line) => line.kind === "session"),
    comparisons: kept.filter((line) => line.kind === "comparison"),
    growth: kept.filter((line) => line.kind === "growth"),
    failures: kept.flatMap((line, index) =>
      line.kind === "failure" && !isMadeUpFor(line, kept.slice(index)) ? [line] : [],
    ),
    leftOut: lines.length - kept.length,
  };
}

/** The lines of a machine's sessions. */
export function linesOf(lines: readonly Line[], machine: Machine): Line[] {
  let isIts = false;
  return lines.filter((line) => {
    if (line.kind === "session") isIts = JSON.stringify(line.machine) === JSON.stringify(machine);
    return isIts;
  });
}

function isMadeUpFor({ of, contender }: FailureLine, later: readonly Line[]): boolean {
  return later.some((line) => {
    if (line.kind === "comparison") return line.scenario === of && [line.peer, "scc"].includes(contender);
    return line.kind === "growth" && line.study === of && line.contender === contender;
  });
}

/** Why a peer is not there, if it never was. */
export function missingOf({ sessions, comparisons, growth }: Data, peer: PeerName): string | undefined {
  const isMeasured = [...comparisons.map((line) => line.peer), ...growth.map((line) => line.contender)];
  if (isMeasured.includes(peer)) return undefined;
  return sessions.findLast(({ missing }) => missing[peer] !== undefined)?.missing[peer];
}

/** All runs of a contender under the load of a scenario. */
export function runsOf({ comparisons }: Data, scenario: string, contender: ContenderName): Measured[] {
  const lines = comparisons.filter((line) => line.scenario === scenario);
  if (contender === "scc") return lines.map(({ ours }) => ours);
  return lines.flatMap(({ peer, theirs }) => (peer === contender && theirs !== undefined ? [theirs] : []));
}

export function costOf(runs: readonly Measured[], metric: Metric): Summary | undefined {
  return summaryOf(runs.map((run) => metric.of(run)));
}

/** Ours to a peer's, pair by pair. */
export function ratioOf(
  { comparisons }: Data,
  scenario: string,
  peer: PeerName,
  metric: Metric,
): Summary | undefined {
  const pairs = comparisons.filter((line) => line.scenario === scenario && line.peer === peer);
  return summaryOf(
    pairs.map(({ ours, theirs }) => {
      const [mine, other] = [metric.of(ours), theirs && metric.of(theirs)];
      return mine === undefined || !other ? undefined : mine / other;
    }),
  );
}

/** Runs of a study at one of its values. */
export function pointOf(
  { growth }: Data,
  study: string,
  value: number,
  contender: ContenderName,
): Measured[] {
  return growth
    .filter((line) => line.study === study && line.value === value && line.contender === contender)
    .map(({ measured }) => measured);
}

/** A run with a name, for lists of what went wrong. */
export interface NamedRun {
  readonly of: string;
  readonly contender: ContenderName;
  readonly measured: Measured;
}

export function allRuns({ comparisons, growth }: Data): NamedRun[] {
  return [
    ...comparisons.flatMap(({ scenario, ours, peer, theirs }): NamedRun[] => [
      { of: scenario, contender: "scc", measured: ours },
      ...(peer !== undefined && theirs !== undefined
        ? [{ of: scenario, contender: peer, measured: theirs }]
        : []),
    ]),
    ...growth.map(({ study, value, contender, measured }) => ({
      of: `${study} ${value}`,
      contender,
      measured,
    })),
  ];
}

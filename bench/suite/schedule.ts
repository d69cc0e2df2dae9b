import type { ContenderName, PeerName } from "../contenders/contender.ts";
import type { ComparisonLine, GrowthLine, Line } from "../record/lines.ts";
import type { Scenario } from "./scenarios.ts";
import type { Study } from "./studies.ts";

/** Ours and then a peer, each under the same load; without a peer ours alone. */
export interface ComparisonStep {
  readonly kind: "comparison";
  readonly scenario: Scenario;
  readonly peer: PeerName | undefined;
}

/** One contender at one point of a study. */
export interface GrowthStep {
  readonly kind: "growth";
  readonly study: Study;
  readonly value: number;
  readonly contender: ContenderName;
}

export type Step = ComparisonStep | GrowthStep;

/** What is to be measured. */
export interface Wanted {
  readonly scenarios: readonly Scenario[];
  readonly studies: readonly Study[];
  /** How often each comparison is made. */
  readonly pairs: number;
  /** How often each point of a study is measured. */
  readonly repeats: number;
  /** Whether a peer can be measured here, and is to be. */
  readonly isPresent: (peer: PeerName) => boolean;
}

/**
 * What is still to be measured, in its order: scenario by scenario, and of each the first pair with every peer,
 * then the second, so that what has been broken off is even.
 *
 * @param done what has been measured already
 */
export function scheduleOf(wanted: Wanted, done: readonly Line[]): Step[] {
  return [
    ...wanted.scenarios.flatMap((scenario) => comparisonsOf(scenario, wanted, done)),
    ...wanted.studies.flatMap((study) => growthOf(study, wanted, done)),
  ];
}

/** What a step is about: two steps of the same key measure the same. */
export function keyOf(step: Step): string {
  return step.kind === "comparison"
    ? [step.scenario.name, step.peer ?? "alone"].join(" ")
    : [step.study.name, step.value, step.contender].join(" ");
}

/** The peers of a scenario that ours is compared with; ours alone where there are none. */
function comparisonsOf(scenario: Scenario, { pairs, isPresent }: Wanted, done: readonly Line[]): Step[] {
  const present: (PeerName | undefined)[] = scenario.peers.filter(isPresent);
  const peers = present.length === 0 ? [undefined] : present;
  const counts = new Map(
    peers.map((peer) => [
      peer,
      done.filter((line) => isComparison(line, scenario) && line.peer === peer).length,
    ]),
  );
  return rounds(pairs, peers, (peer) => counts.get(peer) ?? 0).map((peer) => ({
    kind: "comparison",
    scenario,
    peer,
  }));
}

function growthOf(study: Study, { repeats, isPresent }: Wanted, done: readonly Line[]): Step[] {
  const present = study.contenders.filter((name) => name === "scc" || isPresent(name));
  const points = study.values.flatMap((value) => present.map((contender) => ({ value, contender })));
  const countOf = ({ value, contender }: { value: number; contender: ContenderName }): number =>
    done.filter((line) => isGrowth(line, study) && line.value === value && line.contender === contender)
      .length;
  return rounds(repeats, points, countOf).map((point) => ({ kind: "growth", study, ...point }));
}

/** Each item as often as it is still missing, all of them in turn. */
function rounds<T>(times: number, items: readonly T[], countOf: (item: T) => number): T[] {
  return Array.from({ length: times }, (_, round) => items.filter((item) => countOf(item) <= round)).flat();
}

function isComparison(line: Line, { name }: Scenario): line is ComparisonLine {
  return line.kind === "comparison" && line.scenario === name;
}

function isGrowth(line: Line, { name }: Study): line is GrowthLine {
  return line.kind === "growth" && line.study === name;
}

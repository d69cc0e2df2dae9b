import type { LoadResult, Sample } from "../plan.ts";
import type { MeteredSample } from "./meter.ts";
import { type Recorded, Recorder } from "./recorder.ts";
import { Tally } from "./tally.ts";

const US_PER_MS = 1000;

/** What one generator has measured; can be sent to another process. */
export interface Outcome {
  readonly connections: number;
  readonly subscriptions: number;
  readonly connectLatency: Recorded;
  readonly windowUs: number;
  /** CPU time of the generator's process in the window, µs. */
  readonly cpuUs: number;
  readonly published: number;
  readonly acknowledged: number;
  readonly delivered: number;
  readonly acknowledgeLatency: Recorded;
  readonly deliveryLatency: Recorded;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly malformed: number;
  readonly errors: readonly (readonly [string, number])[];
  readonly samples: readonly MeteredSample[];
}

/** Puts together what all generators have measured. */
export function resultOf(outcomes: readonly Outcome[], connectMs: number): LoadResult {
  const sum = (value: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + value(outcome), 0);
  const latency = (value: (outcome: Outcome) => Recorded) => merged(outcomes.map(value)).latency;
  const errors = new Tally();
  for (const outcome of outcomes) errors.addAll(outcome.errors);
  return {
    connections: sum(({ connections }) => connections),
    subscriptions: sum(({ subscriptions }) => subscriptions),
    connectMs,
    connectLatency: latency(({ connectLatency }) => connectLatency),
    windowMs: sum(({ windowUs }) => windowUs) / outcomes.length / US_PER_MS,
    published: sum(({ published }) => published),
    acknowledged: sum(({ acknowledged }) => acknowledged),
    delivered: sum(({ delivered }) => delivered),
    acknowledgeLatency: latency(({ acknowledgeLatency }) => acknowledgeLatency),
    deliveryLatency: latency(({ deliveryLatency }) => deliveryLatency),
    lost: sum(({ lost }) => lost),
    duplicated: sum(({ duplicated }) => duplicated),
    reordered: sum(({ reordered }) => reordered),
    malformed: sum(({ malformed }) => malformed),
    errors: errors.counts,
    samples: samplesOf(outcomes),
    generatorCpuMs: sum(({ cpuUs }) => cpuUs) / US_PER_MS,
  };
}

function samplesOf(outcomes: readonly Outcome[]): Sample[] {
  const longest = Math.max(0, ...outcomes.map(({ samples }) => samples.length));
  return Array.from({ length: longest }, (_, index) => {
    const parts = outcomes.flatMap(({ samples }) => samples[index] ?? []);
    const latency = merged(parts.map((part) => part.latency));
    return {
      second: Math.max(...parts.map(({ end }) => end)) / US_PER_MS / 1000,
      published: parts.reduce((total, part) => total + part.published, 0),
      delivered: parts.reduce((total, part) => total + part.delivered, 0),
      p50: latency.percentileMs(50),
      p99: latency.percentileMs(99),
    };
  });
}

function merged(all: readonly Recorded[]): Recorder {
  const total = new Recorder();
  for (const each of all) total.add(Recorder.decode(each));
  return total;
}

import { z } from "zod";

const COUNT = z.int().min(0);
const MS = z.number().min(0);

/** Resident memory of one process over a run. */
const MEMORY = z.strictObject({
  process: z.string(),
  /** The highest, MiB. */
  mostMb: z.number(),
  /** At the middle of the run, and at its end: means over a tenth of it. Absent if it did not run all that time. */
  middleMb: z.number().optional(),
  endMb: z.number().optional(),
});

const CONDITIONS = z.strictObject({
  scenario: z.string(),
  system: z.string(),
  rate: z.number(),
  channels: COUNT,
  brokers: COUNT,
  workers: COUNT,
  publishMs: MS,
});

/** One run, as it stands in the file of results. */
export const RECORD = z.strictObject({
  ...CONDITIONS.shape,
  /** When it began, ISO 8601. */
  at: z.string(),
  release: z.string(),
  seed: COUNT,
  sent: COUNT,
  acknowledged: COUNT,
  rejected: z.record(z.string(), COUNT),
  unanswered: COUNT,
  delivered: COUNT,
  lost: COUNT,
  lostBy: z.record(z.string(), COUNT),
  duplicated: COUNT,
  reordered: COUNT,
  disagreed: COUNT,
  unknown: COUNT,
  interrupted: COUNT,
  missedMeanwhile: COUNT,
  pause: z.strictObject({
    longestMs: MS,
    channel: COUNT.optional(),
    medianMs: MS,
    p90Ms: MS,
  }),
  /** How often clients' connections ended without their wish. */
  disconnects: COUNT,
  /** Messages that were due and could not be published. */
  heldBack: COUNT,
  /** The longest time for which the load itself stood still, ms: pauses can be longer by that. */
  ownPauseMs: MS,
  /** What was not as planned: a process that ended by itself, one that did not become ready. */
  troubles: z.array(z.string()),
  memory: z.array(MEMORY),
});

/** What was run, and how: records that share it are runs of the same. */
export type Conditions = Readonly<z.infer<typeof CONDITIONS>>;
export type RunRecord = Readonly<z.infer<typeof RECORD>>;
export type Memory = RunRecord["memory"][number];

/** Conditions as a text: the same for the same. */
export function keyOf(conditions: Conditions): string {
  const { scenario, system, rate, channels, brokers, workers, publishMs } = conditions;
  return JSON.stringify([scenario, system, rate, channels, brokers, workers, publishMs]);
}

/** Whether nothing was lost, doubled or out of order, and all went as planned. */
export function isGood(record: RunRecord): boolean {
  const { lost, duplicated, reordered, disagreed, unknown, troubles } = record;
  return lost + duplicated + reordered + disagreed + unknown + troubles.length === 0;
}

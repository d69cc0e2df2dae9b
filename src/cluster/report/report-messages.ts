import { z } from "zod";

/**
 * How members are, as they tell scc-state while somebody looks at the cluster: small, bounded, and nothing of it is
 * needed for the cluster to work.
 */

/** Channels of which messages are shown at a time. */
export const MOST_TAILS = 8;
/** Channels that a report names at most. */
export const MOST_HOT = 20;
/** Characters of a channel's name that a report holds; what is longer is cut. */
export const NAME_CHARACTERS = 200;
/** Links that a report names at most. */
export const MOST_LINKS = 1000;
/** Messages of a channel in one `tail`, and characters of each. */
export const MOST_TAIL_MESSAGES = 10;
export const TAIL_CHARACTERS = 2000;

const MOST_NUMBERS = 40;
const MOST_BUCKETS = 120;
const count = z.number().int().nonnegative();

/** scc-state to a member; a newer one replaces the one before. */
export const watchSchema = z.object({
  type: z.literal("watch"),
  /** Pause between reports, ms. */
  everyMs: z.number().int().min(100).max(60_000),
  /** Channels whose messages are to be shown, by those who own them. */
  tails: z.array(z.string().max(1000)).max(MOST_TAILS),
});

export const reportSchema = z.object({
  type: z.literal("report"),
  pid: count,
  /** Time since the last report, ms; 0 in the first one. */
  ms: z.number().nonnegative(),
  /** Processor time since the process started, ms. */
  cpuMs: z.number().nonnegative(),
  /** Resident memory, bytes. */
  rssBytes: count,
  /** By name: what happened since the start, and how much there is now. A reader takes those it knows. */
  numbers: z
    .record(z.string().max(40), z.number())
    .refine((numbers) => Object.keys(numbers).length <= MOST_NUMBERS, "there are too many numbers"),
  /** Instances that this broker has working links with; absent where that has not changed. */
  links: z.array(z.string().max(100)).max(MOST_LINKS).optional(),
  /** The channels with the most messages since the last report, estimated. */
  hot: z
    .array(z.object({ channel: z.string().max(NAME_CHARACTERS + 1), count }))
    .max(MOST_HOT)
    .optional(),
  /** Publishes acknowledged since the last report, a sample, by time taken: `[bucket, count]`; see latency.ts. */
  latency: z
    .array(z.tuple([count.max(MOST_BUCKETS), count]))
    .max(MOST_BUCKETS)
    .optional(),
});

/** Some of the messages of a channel, as its owner took them. */
export const tailSchema = z.object({
  type: z.literal("tail"),
  channel: z.string().max(1000),
  messages: z
    .array(z.object({ text: z.string().max(TAIL_CHARACTERS + 1), bytes: count }))
    .max(MOST_TAIL_MESSAGES),
  /** Messages that there were besides. */
  skipped: count,
});

export type WatchMessage = z.infer<typeof watchSchema>;
export type ReportMessage = z.infer<typeof reportSchema>;
export type TailMessage = z.infer<typeof tailSchema>;

/** A name as reports hold it; one that was cut ends in "…". */
export function cutName(name: string): string {
  return cut(name, NAME_CHARACTERS);
}

/** A text of at most so many characters, and "…" if it was longer. */
export function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters)}…`;
}

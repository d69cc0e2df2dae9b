import { z } from "zod";
import type { MetricFamily } from "../../runtime/metric-family.ts";

/**
 * What the primary and its processes say to each other over Node's channel between them. A user's module can
 * send messages of its own there, so that ours have names of their own, and others are not looked at.
 */

const familySchema: z.ZodType<MetricFamily> = z.object({
  name: z.string(),
  help: z.string(),
  type: z.string(),
  aggregator: z.string(),
  isOfProcess: z.boolean(),
  values: z.array(
    z.object({
      value: z.number(),
      labels: z.record(z.string(), z.union([z.string(), z.number()])),
      metricName: z.string().optional(),
    }),
  ),
});

const processMessageSchema = z.discriminatedUnion("type", [
  /** Sent at each beat, and when it serves: whether its port is open, and why it is not ready if it is not. */
  z.object({ type: z.literal("scc:status"), serves: z.boolean(), trouble: z.string().optional() }),
  z.object({ type: z.literal("scc:metrics"), question: z.number(), families: z.array(familySchema) }),
]);

const primaryMessageSchema = z.discriminatedUnion("type", [
  /** Sent at each beat, and when it changes: why the worker as a whole is not ready, if it is not. */
  z.object({ type: z.literal("scc:group"), trouble: z.string().optional() }),
  z.object({ type: z.literal("scc:metrics?"), question: z.number() }),
  z.object({ type: z.literal("scc:stop") }),
]);

export type ProcessMessage = z.infer<typeof processMessageSchema>;
export type PrimaryMessage = z.infer<typeof primaryMessageSchema>;

/** How often each side gives a sign of life, ms. */
export const BEAT_MS = 500;

/** Own beats without a sign of life after which the other side counts as silent: 3 s. */
export const SILENT_BEATS = 6;

/** @returns undefined for a message that is none of ours */
export function parseProcessMessage(message: unknown): ProcessMessage | undefined {
  return processMessageSchema.safeParse(message).data;
}

/** As `parseProcessMessage`. */
export function parsePrimaryMessage(message: unknown): PrimaryMessage | undefined {
  return primaryMessageSchema.safeParse(message).data;
}

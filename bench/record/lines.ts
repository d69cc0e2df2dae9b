import { z } from "zod";
import { CONTENDER_NAMES } from "../contenders/contender.ts";
import { measuredSchema } from "../measure/measured.ts";
import { machineSchema } from "./machine.ts";

const contender = z.enum(CONTENDER_NAMES);
const peer = contender.exclude(["scc"]);
const at = z.iso.datetime();

/** The beginning of a session: what was measured where. The lines up to the next one belong to it. */
const sessionSchema = z.object({
  kind: z.literal("session"),
  at,
  machine: machineSchema,
  /** Short commit of this package, with a "+" where files had been changed; absent outside of a clone. */
  commit: z.string().optional(),
  /** Server and generator each had a core where there was one server process. */
  pinned: z.boolean(),
  /** Short runs, which say little. */
  quick: z.boolean(),
  /** Packages with their versions by peer. */
  peers: z.partialRecord(peer, z.array(z.string())),
  /** Why a peer could not be measured. */
  missing: z.partialRecord(peer, z.string()),
});

/** A pair: ours, and right after it a peer. */
const comparisonSchema = z.object({
  kind: z.literal("comparison"),
  at,
  scenario: z.string(),
  ours: measuredSchema,
  peer: peer.optional(),
  theirs: measuredSchema.optional(),
});

const growthSchema = z.object({
  kind: z.literal("growth"),
  at,
  study: z.string(),
  value: z.number(),
  contender,
  measured: measuredSchema,
});

/** A run that came to nothing. It is tried again when the benchmark is continued. */
const failureSchema = z.object({
  kind: z.literal("failure"),
  at,
  /** Scenario or study. */
  of: z.string(),
  contender,
  reason: z.string(),
});

export const lineSchema = z.discriminatedUnion("kind", [
  sessionSchema,
  comparisonSchema,
  growthSchema,
  failureSchema,
]);

export type Line = z.infer<typeof lineSchema>;
export type SessionLine = z.infer<typeof sessionSchema>;
export type ComparisonLine = z.infer<typeof comparisonSchema>;
export type GrowthLine = z.infer<typeof growthSchema>;
export type FailureLine = z.infer<typeof failureSchema>;

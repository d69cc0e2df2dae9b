import { z } from "zod";
import { BadMessageError } from "../../link/talk.ts";
import { reportSchema, tailSchema, watchSchema } from "../report/report-messages.ts";
import { membersSchema, ringSchema } from "../ring/ring.ts";

/**
 * What members and scc-state say to each other, version 1 (`TALK_PROTOCOL`): JSON objects told apart by
 * `type`. Fields and types may be added: a reader ignores those it does not know.
 */

const versionSchema = z.object({ counter: z.number().int().nonnegative(), stateId: z.string().max(100) });
const instanceSchema = z.string().min(1).max(100);

/** First on every talk: who a member is, and all it knows. */
const joinSchema = z.object({
  type: z.literal("join"),
  instanceId: z.uuid(),
  /** Where to reach the member, if not at the address its connection comes from. */
  instanceIp: z.string().min(1).max(255).optional(),
  instanceIpFamily: z.enum(["IPv4", "IPv6"]).optional(),
  instanceSecure: z.boolean(),
  ring: ringSchema,
  settled: versionSchema.optional(),
  /** Whether the member wants to be told of the cluster's workers. */
  workers: z.boolean().optional(),
  accused: z.array(instanceSchema).max(10_000),
});

const memberMessageSchema = z.discriminatedUnion("type", [
  joinSchema,
  z.object({ type: z.literal("ring"), ring: ringSchema }),
  /** All brokers that the member cannot use now. */
  z.object({ type: z.literal("accuse"), accused: z.array(instanceSchema).max(10_000) }),
  z.object({ type: z.literal("settled"), version: versionSchema }),
  /** All brokers that a broker has a link with: who joins needs one with each that will be in the ring. */
  z.object({ type: z.literal("linked"), brokers: z.array(instanceSchema).max(10_000) }),
  /** So many connections of upstream's workers a broker has now. */
  z.object({ type: z.literal("upstream"), connections: z.number().int().nonnegative() }),
  z.object({ type: z.literal("leave") }),
  /** Instead of `join`: somebody looks, and is no member. */
  z.object({ type: z.literal("observe") }),
  reportSchema,
  tailSchema,
]);

/** What scc-state knows, for who looks. */
const overviewSchema = z.object({
  type: z.literal("overview"),
  stateId: z.string(),
  release: z.string(),
  ring: ringSchema,
  /** Whether all logs are where the ring wants them. */
  isSettled: z.boolean(),
  /** Brokers that wait to be let into the ring. */
  waiting: z.number().int().nonnegative(),
  members: z.array(
    z.object({
      instanceId: z.string(),
      uri: z.string(),
      role: z.enum(["broker", "worker"]),
      /** Version of its package; absent: it does not say, or is one of upstream's. */
      release: z.string().optional(),
    }),
  ),
});

const stateMessageSchema = z.discriminatedUnion("type", [
  /** The member is registered under this URI. */
  z.object({ type: z.literal("welcome"), stateId: z.string(), uri: z.string(), ring: ringSchema }),
  /** The member is not registered; the talk ends. */
  z.object({ type: z.literal("refused"), reason: z.string() }),
  z.object({ type: z.literal("ring"), ring: ringSchema }),
  /** The workers of the cluster, by URI; for members that asked for it. */
  z.object({ type: z.literal("workers"), uris: z.array(z.string()) }),
  /** Of the brokers of the ring that the member cannot use, those that all others can: the fault is its own. */
  z.object({ type: z.literal("alone"), brokers: z.array(instanceSchema).max(10_000) }),
  /** The brokers that are or may soon be in one ring, which need links with each other; for brokers. */
  z.object({ type: z.literal("peers"), peers: membersSchema }),
  overviewSchema,
  /** Somebody looks at the cluster: reports are wanted, until `unwatch` or the end of the talk. */
  watchSchema,
  z.object({ type: z.literal("unwatch") }),
]);

export type Overview = z.infer<typeof overviewSchema>;
export type JoinMessage = z.infer<typeof joinSchema>;
export type MemberMessage = z.infer<typeof memberMessageSchema>;
export type StateMessage = z.infer<typeof stateMessageSchema>;

const MEMBER_TYPES = [
  "join",
  "ring",
  "accuse",
  "settled",
  "linked",
  "upstream",
  "leave",
  "observe",
  "report",
  "tail",
];
const STATE_TYPES = [
  "welcome",
  "refused",
  "ring",
  "workers",
  "peers",
  "alone",
  "overview",
  "watch",
  "unwatch",
];

/** @throws {BadMessageError} if it is none, with what is wrong with it; undefined for a type that is not known (yet) */
export function parseMemberMessage(message: unknown): MemberMessage | undefined {
  return parse(memberMessageSchema, MEMBER_TYPES, message);
}

/** As `parseMemberMessage`. */
export function parseStateMessage(message: unknown): StateMessage | undefined {
  return parse(stateMessageSchema, STATE_TYPES, message);
}

function parse<T>(schema: z.ZodType<T>, types: readonly string[], message: unknown): T | undefined {
  const type = (message as { type?: unknown } | null)?.type;
  if (typeof type === "string" && !types.includes(type)) return undefined;
  const parsed = schema.safeParse(message);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new BadMessageError(`${issue?.path.join(".") || "message"}: ${issue?.message}`);
}

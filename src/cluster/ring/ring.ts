import { z } from "zod";
import { compareVersions, NO_VERSION, type RingVersion } from "../../pubsub/version.ts";

/** A broker (or keeper) as the ring names it. A new instance at the same URI is another member. */
export interface RingMember {
  /** Where it is reached, such as `ws://10.0.0.7:8888` or `ws://[fd00::7]:8888`. */
  readonly uri: string;
  /** UUID, new at each start of the process. */
  readonly instanceId: string;
}

/** A member that owns nothing and keeps copies. */
export interface Keeper extends RingMember {
  /** A broker that leaves, until the ring is settled; or the worker that follows where there is one broker only. */
  readonly role: "broker" | "worker";
  /** Of a worker: counter of the ring since which it has been listed in all. What it kept before may be out of date. */
  readonly since?: number | undefined;
}

/**
 * How channels are placed: our own way, or one of upstream's two while an upstream worker is in the cluster.
 * Everybody places alike, because the ring says how.
 */
export const PLACEMENTS = ["rendezvous", "skeletonRendezvous", "simple"] as const;
export type PlacementKind = (typeof PLACEMENTS)[number];

/** Who owns what: the agreement of the whole cluster. Immutable; a change is a ring with a higher version. */
export interface Ring {
  readonly version: RingVersion;
  readonly placement: PlacementKind;
  readonly brokers: readonly RingMember[];
  readonly keepers: readonly Keeper[];
}

/** The ring before there was one: nobody owns anything. */
export const NO_RING: Ring = { version: NO_VERSION, placement: "rendezvous", brokers: [], keepers: [] };

const memberSchema = z.object({
  uri: z
    .string()
    .max(300)
    .refine((uri) => /^wss?:\/\/[^/?#]+$/.test(uri) && URL.canParse(uri), "is no address of a member"),
  instanceId: z.string().min(1).max(100),
});

const keeperSchema = memberSchema.extend({
  role: z.enum(["broker", "worker"]),
  since: z.number().int().nonnegative().optional(),
});
const MAX_MEMBERS = 10_000;

/** Members as they come from another process. */
export const membersSchema: z.ZodType<RingMember[]> = z.array(memberSchema).max(MAX_MEMBERS);

/** Whether each address comes once. */
function areDistinct(members: readonly RingMember[]): boolean {
  return new Set(members.map(({ uri }) => uri)).size === members.length;
}

/** What can be written down. No ring that is heard of comes near it: what came after it could be the last. */
const MAX_COUNTER = 2 ** 48;
/** Counter of the highest ring that a process without one takes: a change each second makes it in 136 years. */
export const MAX_FIRST_COUNTER = 2 ** 32;
/** By how much a ring may be ahead of the one that is known: nobody is away for a million changes and comes back. */
export const MAX_RING_JUMP = 2 ** 20;

/** A ring as it comes from another process. */
export const ringSchema: z.ZodType<Ring> = z.object({
  version: z.object({
    counter: z.number().int().nonnegative().max(MAX_COUNTER),
    stateId: z.string().max(100),
  }),
  placement: z.enum(PLACEMENTS),
  brokers: membersSchema.refine(areDistinct, "an address comes twice"),
  keepers: z.array(keeperSchema).max(MAX_MEMBERS).refine(areDistinct, "an address comes twice"),
});

export function idsOf(members: readonly RingMember[]): string[] {
  return members.map(({ instanceId }) => instanceId);
}

export function hasMember(members: readonly RingMember[], instanceId: string): boolean {
  return members.some((member) => member.instanceId === instanceId);
}

export function isKeeper({ keepers }: Ring, instanceId: string): boolean {
  return hasMember(keepers, instanceId);
}

/** Counter of the ring since which a member has been in all; 0 where the ring does not say, since it always was. */
export function listedSince({ keepers }: Ring, instanceId: string): number {
  return keepers.find((keeper) => keeper.instanceId === instanceId)?.since ?? 0;
}

/** Brokers and keepers: those whose copies count. */
export function membersOf({ brokers, keepers }: Ring): readonly RingMember[] {
  return [...brokers, ...keepers];
}

export function isNewer(ring: Ring, than: RingVersion): boolean {
  return compareVersions(ring.version, than) > 0;
}

/**
 * Why a ring is not to be taken, whoever says it: it is so far ahead that it cannot have grown out of the one that is
 * known. What takes one such ring can be made to take the last there is. Undefined if it may be taken.
 */
export function tooFarAhead({ version }: Ring, known: RingVersion): string | undefined {
  const isFirst = known.counter === 0;
  if (version.counter <= (isFirst ? MAX_FIRST_COUNTER : known.counter + MAX_RING_JUMP)) return undefined;
  return isFirst
    ? `a first ring has a counter of ${MAX_FIRST_COUNTER} at most, not ${version.counter}`
    : `a ring may be ${MAX_RING_JUMP} changes ahead of the one known here (${known.counter}), not at ${version.counter}`;
}

/** Whether a ring is newer than the one that is known, and can have grown out of it. */
export function mayFollow(ring: Ring, known: RingVersion): boolean {
  return isNewer(ring, known) && tooFarAhead(ring, known) === undefined;
}

/** The worker that a ring says follows its only broker. */
export function followerOf({ brokers, keepers }: Ring): Keeper | undefined {
  return brokers.length === 1 ? keepers.find(({ role }) => role === "worker") : undefined;
}

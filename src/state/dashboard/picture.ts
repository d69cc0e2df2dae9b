import { percentile } from "../../cluster/report/latency.ts";
import { hasMember, type Ring, type RingMember } from "../../cluster/ring/ring.ts";
import { compareVersions } from "../../pubsub/version.ts";
import type { HotChannel } from "./hottest.ts";
import type { KnownMember, Members } from "./members.ts";
import { nameOf } from "./names.ts";
import type { Usage } from "./usage.ts";

/**
 * `in ring`, `taking over` (in the ring, which has not settled there), `joining`, `leaving`: brokers;
 * `serving`, `degraded` (cannot use a broker): workers;
 * `silent`: it no longer reports though its talk lasts; `away`: the ring lists it, and it is not here; `gone`.
 */
export type MemberState =
  | "in ring"
  | "taking over"
  | "joining"
  | "leaving"
  | "serving"
  | "degraded"
  | "silent"
  | "away"
  | "gone";

export interface MemberPicture extends Partial<Usage> {
  readonly id: string;
  /** Host and port. */
  readonly name: string;
  readonly role: "broker" | "worker";
  readonly isUpstream: boolean;
  readonly state: MemberState;
  /** When it registered, or went, milliseconds since 1970. */
  readonly since?: number;
  /** The part of all channels that it owns, 0 to 1. */
  readonly share?: number;
  /** Brokers that it cannot use, by instance. */
  readonly accused: readonly string[];
  /** Members it has working links with, by instance; a broker's only. */
  readonly links?: readonly string[];
}

export interface Totals {
  readonly connections: number;
  readonly subscriptions: number;
  readonly channels: number;
  /** Per second. */
  readonly publishes: number;
  readonly deliveries: number;
  /** From a publish to its acknowledgement, ms, at a worker; absent where there were none. */
  readonly latencyP50?: number;
  readonly latencyP99?: number;
}

/** The cluster as it is now, as JSON. */
export interface Picture {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly release: string;
  /** This scc-state: its process, and since when it runs. */
  readonly state: Usage & { readonly id: string; readonly since: number };
  readonly ring: {
    readonly counter: number;
    readonly stateId: string;
    readonly placement: string;
    /** When this scc-state learnt of it, milliseconds since 1970; absent: there is none yet. */
    readonly since?: number;
    readonly settled: boolean;
  };
  readonly members: readonly MemberPicture[];
  /** Members that are not listed, because there are too many. */
  readonly unlisted: number;
  readonly totals: Totals;
  readonly hot: readonly HotChannel[];
}

/** Members that are listed; troubled ones first where there are more. */
const MOST_LISTED = 500;
/** Reports that may be missed before a member counts as silent. */
const MISSED_REPORTS = 4;

export interface PictureParts {
  readonly ring: Ring;
  readonly members: Members;
  readonly shares: ReadonlyMap<string, number>;
  /** Ms of the clock. */
  readonly now: number;
  readonly everyMs: number;
}

/** Whether every broker of the ring that is here has settled it. */
export function isSettled(ring: Ring, members: Members): boolean {
  return ring.brokers.every(({ instanceId }) => {
    const known = members.find(instanceId);
    return known === undefined || hasSettled(known, ring);
  });
}

function hasSettled({ settled }: KnownMember, ring: Ring): boolean {
  return settled !== undefined && compareVersions(settled, ring.version) === 0;
}

/** Brokers first, each role by name. */
export function listMembers(parts: PictureParts): { members: MemberPicture[]; unlisted: number } {
  const { ring, members, now } = parts;
  const here = [...members.here].map((known) => pictureOf(known, parts));
  const away = ring.brokers
    .filter(({ instanceId }) => members.find(instanceId) === undefined)
    .map((broker) => absent(broker, "broker", "away"));
  const awayIds = new Set(away.map(({ id }) => id));
  const gone = members
    .recentlyGone(now)
    .filter(({ member }) => !awayIds.has(member.instanceId))
    .map(({ member, since }) => ({ ...absent(member, member.role, "gone"), since }));
  const all = [...here, ...away, ...gone];
  const listed = all.length <= MOST_LISTED ? all : all.toSorted(byTrouble).slice(0, MOST_LISTED);
  return { members: listed.toSorted(byName), unlisted: all.length - listed.length };
}

function pictureOf(known: KnownMember, parts: PictureParts): MemberPicture {
  const { member, usage, since, accused, links } = known;
  const { instanceId: id, role, isUpstream = false } = member;
  const share = parts.shares.get(id);
  return {
    id,
    name: nameOf(member),
    role,
    isUpstream,
    state: stateOf(known, parts),
    since,
    accused,
    ...(share !== undefined && { share }),
    ...(links !== undefined && { links }),
    ...usage,
  };
}

function stateOf(known: KnownMember, { ring, now, everyMs }: PictureParts): MemberState {
  const { member, isLeaving, reportedAt, accused } = known;
  if (known.usage !== undefined && now - reportedAt > MISSED_REPORTS * everyMs) return "silent";
  if (isLeaving) return "leaving";
  if (member.role === "worker") return accused.length > 0 ? "degraded" : "serving";
  if (!hasMember(ring.brokers, member.instanceId)) return "joining";
  return hasSettled(known, ring) ? "in ring" : "taking over";
}

function absent(member: RingMember, role: "broker" | "worker", state: MemberState): MemberPicture {
  return { id: member.instanceId, name: nameOf(member), role, isUpstream: false, state, accused: [] };
}

function byName(a: MemberPicture, b: MemberPicture): number {
  return a.role.localeCompare(b.role) || a.name.localeCompare(b.name, "en", { numeric: true });
}

function byTrouble(a: MemberPicture, b: MemberPicture): number {
  const isWell = ({ state }: MemberPicture): number => (state === "in ring" || state === "serving" ? 1 : 0);
  return isWell(a) - isWell(b);
}

/** What all members together do; what silent ones told last does not count. */
export function totalsOf(members: readonly MemberPicture[], latency: readonly number[]): Totals {
  const lively = members.filter(({ state }) => state !== "silent");
  const sum = (role: MemberPicture["role"], pick: (one: MemberPicture) => number | undefined): number =>
    lively.reduce((total, one) => total + (one.role === role ? (pick(one) ?? 0) : 0), 0);
  const [p50, p99] = [percentile(latency, 0.5), percentile(latency, 0.99)];
  return {
    connections: sum("worker", ({ numbers }) => numbers?.connections),
    subscriptions: sum("worker", ({ numbers }) => numbers?.subscriptions),
    channels: sum("broker", ({ numbers }) => numbers?.channels),
    publishes: sum("broker", ({ perSecond }) => perSecond?.messages),
    deliveries: sum("worker", ({ perSecond }) => perSecond?.deliveries),
    ...(p50 !== undefined && { latencyP50: p50 }),
    ...(p99 !== undefined && { latencyP99: p99 }),
  };
}

import { membersOf, type Ring } from "../../cluster/ring/ring.ts";
import type { Absences } from "./absences.ts";
import { type Accusations, accusedBy, aloneWith } from "./accusations.ts";
import type { Suspicions } from "./suspicions.ts";

/** What is known when those are looked for that cannot be used. */
export interface Evidence {
  readonly stateId: string;
  readonly ring: Ring;
  /** What members say, by instance. */
  readonly accusations: Accusations;
  readonly absences: Absences;
  readonly suspicions: Suspicions;
  /** The address of a worker that is here; undefined for everybody else. */
  readonly workerAt: (instanceId: string) => string | undefined;
  /** The workers that are here, by instance. */
  readonly workers: readonly string[];
  /** Whether a member talks with this scc-state. */
  readonly isHere: (instanceId: string) => boolean;
}

/** The brokers and keepers of the ring that cannot be used. */
export function faultyMembers(evidence: Evidence, now: number): Set<string> {
  const { ring, accusations, suspicions, absences, isHere } = evidence;
  const members = membersOf(ring);
  const isAccused = (instanceId: string): boolean =>
    [...accusations.values()].some((accused) => accused.includes(instanceId));
  const names = members.map(({ instanceId }) => nameOf(instanceId, evidence));
  const accused = new Set(accusedBy(allAccusations(evidence, now), names));
  const brokers = new Set(ring.brokers.map(({ instanceId }) => instanceId));
  return new Set([
    ...members.filter((_, index) => accused.has(names[index] as string)).map(({ instanceId }) => instanceId),
    ...suspicions.review(accusations, members, brokers, isHere, now),
    ...absences.gone,
    ...forsaken(evidence, now),
    ...ring.keepers
      .map(({ instanceId }) => instanceId)
      .filter((instanceId) => !isHere(instanceId) && isAccused(instanceId)),
  ]);
}

/**
 * The brokers of the ring, where none of them has been heard here for long and no worker that is here can use any.
 * One by one their accusers may all be accused as often as they are: as many hosts as there are accusers may have died.
 */
function forsaken({ ring, workers, accusations, absences }: Evidence, now: number): string[] {
  const brokers = ring.brokers.map(({ instanceId }) => instanceId);
  const areAway = brokers.every((instanceId) => absences.isForsaken(instanceId, now));
  if (!areAway || workers.length === 0) return [];
  const areUseless = workers.every((worker) => {
    const accused = accusations.get(worker) ?? [];
    return brokers.every((instanceId) => accused.includes(instanceId));
  });
  return areUseless ? brokers : [];
}

/** The brokers of the ring that a member cannot use, and nobody else complains of. */
export function accusedAlone(evidence: Evidence, instanceId: string, now: number): string[] {
  const brokers = evidence.ring.brokers.map((broker) => broker.instanceId);
  return aloneWith(nameOf(instanceId, evidence), allAccusations(evidence, now), brokers);
}

/** What members say, and what scc-state itself cannot reach, by name. */
function allAccusations(evidence: Evidence, now: number): Accusations {
  const { stateId, accusations, absences } = evidence;
  const all = new Map<string, readonly string[]>();
  const add = (accuser: string, accused: readonly string[]): void => {
    const names = accused.map((instanceId) => nameOf(instanceId, evidence));
    all.set(accuser, [...(all.get(accuser) ?? []), ...names]);
  };
  add(stateId, absences.long(now));
  for (const [instanceId, accused] of accusations) add(nameOf(instanceId, evidence), accused);
  return all;
}

/**
 * By what a member is counted. Workers at one address are processes of one host that share a port, and its network:
 * together they are one witness, and one that may be at fault.
 */
function nameOf(instanceId: string, { ring, workerAt }: Evidence): string {
  const keeper = ring.keepers.find((each) => each.role === "worker" && each.instanceId === instanceId);
  return workerAt(instanceId) ?? keeper?.uri ?? instanceId;
}

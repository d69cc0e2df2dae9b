import type { Keeper, Ring, RingMember } from "../../cluster/ring/ring.ts";

/** What is known of members when keepers are chosen. */
export interface Staff {
  /** Whether every broker of the current ring has said that its logs are where that ring wants them. */
  readonly isSettled: boolean;
  /** Whether a member is here and can be used, also if it is about to leave. */
  readonly isHere: (instanceId: string) => boolean;
  /** Whether a member is about to leave. */
  readonly isLeaving: (instanceId: string) => boolean;
  /** Those that could keep copies, longest here first. */
  readonly workers: readonly RingMember[];
  readonly cannotUse: (worker: string, broker: string) => boolean;
}

/**
 * Who is to keep copies beside the brokers of the next ring: brokers that leave, until what they held is elsewhere;
 * and where there is one broker only, a worker that follows it. Who followed until now is kept for one ring more, also
 * if it wants to leave, since its copies are the only ones beside that broker's until the next ring is settled. Of the
 * workers the first follows. Pure.
 */
export function keepersFor(current: Ring, brokers: readonly RingMember[], staff: Staff): Keeper[] {
  const wasAlone = current.brokers.length === 1;
  const keepers = current.keepers.filter(({ role, instanceId }) => {
    const isNeeded = !staff.isSettled || (role === "worker" && wasAlone);
    return isNeeded && staff.isHere(instanceId);
  });
  for (const { uri, instanceId } of current.brokers) {
    // A newer instance at the same address has taken its place.
    const isReplaced = brokers.some((broker) => broker.uri === uri);
    if (!isReplaced && staff.isHere(instanceId)) keepers.push({ uri, instanceId, role: "broker" });
  }
  const [only, second] = brokers;
  if (only === undefined || second !== undefined) return keepers;
  const follows = keepers.find(({ role }) => role === "worker");
  if (follows !== undefined && !staff.isLeaving(follows.instanceId)) return keepers;
  const next = staff.workers.find(
    ({ uri, instanceId }) =>
      staff.isHere(instanceId) &&
      !staff.cannotUse(instanceId, only.instanceId) &&
      !keepers.some((keeper) => keeper.uri === uri),
  );
  if (next === undefined) return keepers;
  const { uri, instanceId } = next;
  return [{ uri, instanceId, role: "worker", since: current.version.counter + 1 }, ...keepers];
}

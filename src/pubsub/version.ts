/** Names a ring: a counter, and the scc-state that made it. Any two are ordered, and none is made twice. */
export interface RingVersion {
  readonly counter: number;
  readonly stateId: string;
}

/**
 * Names one life of a channel's log: the ring under which its owner opened it, and that broker's own count
 * of logs. The epochs of a channel only grow.
 */
export interface Epoch {
  readonly ring: RingVersion;
  readonly count: number;
}

/** Older than any ring that was ever made. */
export const NO_VERSION: RingVersion = { counter: 0, stateId: "" };

/** Negative if `a` is older than `b`, positive if newer, 0 if they are the same. */
export function compareVersions(a: RingVersion, b: RingVersion): number {
  if (a.counter !== b.counter) return a.counter - b.counter;
  if (a.stateId === b.stateId) return 0;
  return a.stateId < b.stateId ? -1 : 1;
}

/** Negative if `a` is older than `b`, positive if newer, 0 if they are the same. */
export function compareEpochs(a: Epoch, b: Epoch): number {
  return compareVersions(a.ring, b.ring) || a.count - b.count;
}

/** A version in one word, for logs and pages: `12-3f9c2a1b`. */
export function formatVersion(version: RingVersion): string {
  return version.counter === 0 ? "none" : `${version.counter}-${version.stateId}`;
}

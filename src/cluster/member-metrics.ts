import type { Metrics } from "../runtime/metrics.ts";

/**
 * Members at the other ends of links, by how their link is: `open`; `missing`, there is none now; `unusable`, this
 * member accuses whoever is there of being out of reach, or of not going on though the link is open.
 */
export type LinkStates = Readonly<Record<"open" | "missing" | "unusable", number>>;

/** What a broker or worker shows of its place in the cluster. */
export interface MemberParts {
  /** How links are now, by the role of who is at the other end. */
  readonly links: () => Readonly<Record<string, LinkStates>>;
  /** Whether scc-state has registered this member, and the talk lasts. */
  readonly isRegistered: () => boolean;
}

/** What every member shows of its place in the cluster at /metrics. */
export function registerMemberMetrics(metrics: Metrics, { links, isRegistered }: MemberParts): void {
  metrics.gauges(
    "scc_links",
    "Links with other members, by their role, and whether they are open, missing or unusable",
    ["role", "state"],
    () =>
      Object.entries(links()).flatMap(([role, states]) =>
        Object.entries(states).map(([state, value]) => ({ labels: { role, state }, value })),
      ),
  );
  metrics.gauge(
    "scc_registered",
    "1 if scc-state has registered this process and is connected, else 0",
    () => (isRegistered() ? 1 : 0),
    "min",
  );
}

/**
 * @param members those that there should be a link with, by instance
 * @param linked those that there is one with
 * @param accused those that cannot be used
 */
export function linkStates(
  members: Iterable<string>,
  linked: readonly string[],
  accused: readonly string[],
): LinkStates {
  const [isLinked, isAccused] = [new Set(linked), new Set(accused)];
  const states = { open: 0, missing: 0, unusable: 0 };
  for (const member of members) {
    if (isAccused.has(member)) states.unusable += 1;
    else states[isLinked.has(member) ? "open" : "missing"] += 1;
  }
  return states;
}

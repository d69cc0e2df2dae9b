import type { Overview } from "../cluster/registration/state-messages.ts";
import { RELEASE } from "../runtime/release.ts";
import type { MemberConnection } from "./member-connection.ts";

/** What scc-state knows, for somebody who is no member. */
export function overviewOf(
  known: Pick<Overview, "stateId" | "ring" | "isSettled" | "waiting">,
  connections: Iterable<MemberConnection>,
): Overview {
  const members = Array.from(connections, ({ member: { instanceId, uri, role }, release }) => ({
    ...{ instanceId, uri, role, release },
  }));
  return { type: "overview", release: RELEASE, ...known, members };
}

import type { MemberMessage } from "../cluster/registration/state-messages.ts";
import type { Ring } from "../cluster/ring/ring.ts";
import type { MemberConnection } from "./member-connection.ts";

/** Is told what happens at scc-state, for those who want to see it. Must not throw, nor change anything. */
export interface StateObserver {
  registered(member: MemberConnection): void;
  said(member: MemberConnection, message: MemberMessage): void;
  /** @param reason why the connection ended; undefined for a member that said goodbye before */
  gone(member: MemberConnection, reason: string | undefined): void;
  refused(member: MemberConnection, reason: string): void;
  /** Another ring is the current one. */
  ringChanged(ring: Ring): void;
}

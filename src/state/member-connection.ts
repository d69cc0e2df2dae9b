import type { Member } from "../cluster/membership.ts";
import type { StateMessage } from "../cluster/state-messages.ts";

/** A registered member, whichever protocol it speaks. */
export interface MemberConnection {
  readonly member: Member;
  /** Whether the member said goodbye: that its connection ends is then no news. */
  left: boolean;
  send(message: StateMessage): void;
  /** The workers of the cluster have changed; for those who want to know. */
  workersChanged?(uris: readonly string[]): void;
  close(reason: string): void;
}

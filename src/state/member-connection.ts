import type { StateMessage } from "../cluster/registration/state-messages.ts";
import type { Member } from "./membership/membership.ts";

/** A registered member, whichever protocol it speaks. */
export interface MemberConnection {
  readonly member: Member;
  /** Version of its package, if it says so. */
  readonly release?: string | undefined;
  /** The address that its connection comes from. */
  readonly from?: string | undefined;
  /** Whether the member said goodbye: that its connection ends is then no news. */
  left: boolean;
  send(message: StateMessage): void;
  /** The workers of the cluster have changed; for those who want to know. */
  workersChanged?(uris: readonly string[]): void;
  /** The brokers that this worker alone cannot use; for those who are told. */
  accusesAlone?(brokers: readonly string[]): void;
  close(reason: string): void;
}

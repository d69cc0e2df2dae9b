import type { Port } from "../../cluster/peer/port.ts";
import type { HeldLogs } from "../../cluster/replica/held-logs.ts";
import type { CurrentRing } from "../../cluster/ring/current-ring.ts";

export interface OwnerOptions {
  readonly instanceId: string;
  readonly ring: CurrentRing;
  readonly held: HeldLogs;
  /** Logs held at a time, from which on no new one is opened; see `OwnedLogs`. */
  readonly maxChannels: number;
  /** Bytes of requests that may wait for their logs, about; default 256 MiB. */
  readonly waitingBytes?: number;
  /** The connection to a member, if there is one. */
  readonly portOf: (instanceId: string) => Port | undefined;
  /** Bytes of logs and copies that may be on their way to or from one member at a time; one always fits. */
  readonly transferBytes: number;
}

export interface OwnerEvents {
  /** All logs that this broker owns under the current ring are at their followers. */
  settled(): void;
}

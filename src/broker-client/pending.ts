import type { Settle } from "../pubsub/broker.ts";
import type { Publication } from "../pubsub/publication.ts";

/** Where a publish counts until it is confirmed. */
interface PendingWindow {
  /** The publish counts no longer. */
  remove(pending: Pending): void;
}

/** A publish on its way: it is sent again until somebody who owns its channel confirms it. */
export interface Pending {
  readonly sequence: number;
  readonly publication: Publication;
  /** When it was published, ms of the own clock. */
  readonly at: number;
  /** How often it was sent: while 0, it has certainly not happened. */
  sent: number;
  /** Undefined once its publisher was told. */
  settle: Settle | undefined;
  /** Where it counts; only the window itself changes these two. */
  window: PendingWindow | undefined;
  /** Whether it was sent on the window's present connection, and counts there. */
  inFlight: boolean;
}

/** What a publish takes beside its data and its channel's name, bytes, about: what settles it, and where it counts. */
const PENDING_SIZE = 400;

/** What it takes to keep a publication, bytes: many empty ones are not free, nor are long names. */
export function sizeOf({ channel, bytes }: Publication): number {
  return PENDING_SIZE + channel.length + bytes.length;
}

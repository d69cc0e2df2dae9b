import type { Trouble } from "../../runtime/http/http.ts";

/** One of the processes that should serve, as far as readiness goes. */
export interface SeatState {
  readonly number: number;
  /** Whether a process in this seat was ever ready. */
  readonly everReady: boolean;
  /** Why the process does not serve clients as it should now; undefined if it does. */
  readonly trouble: Trouble;
}

/** How many processes are named at most. */
const MOST_NAMED = 8;

/**
 * Why the worker as a whole should not be sent clients. It is ready from when each of its processes has been,
 * for as long as one of them is: a host where seven of eight serve is still of use, and where one process lacks
 * a broker the others have most often lost it too. Pure.
 */
export function groupTrouble(seats: readonly SeatState[], isStopping: boolean): Trouble {
  if (isStopping) return "stopping";
  const troubled = seats.filter(({ trouble }) => trouble !== undefined);
  const untried = seats.filter(({ everReady }) => !everReady);
  if (untried.length > 0) return named(untried, seats.length);
  return troubled.length === seats.length ? named(troubled, seats.length) : undefined;
}

function named(seats: readonly SeatState[], total: number): string {
  const texts = seats
    .slice(0, MOST_NAMED)
    .map(({ number, trouble }) => `process ${number} of ${total}: ${trouble}`);
  const more = seats.length - texts.length;
  return [...texts, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

import cluster from "node:cluster";

/** Which of a worker's processes this one is. */
export interface Seat {
  /** From 1. A process that takes the place of a dead one has its number. */
  readonly number: number;
  /** How many there are. */
  readonly count: number;
}

const VARIABLE = "SCC_WORKER_SEAT";

/** The variable that tells a new process its seat. */
export function seatVariable({ number, count }: Seat): Record<string, string> {
  return { [VARIABLE]: `${number}/${count}` };
}

/**
 * The seat that the primary gave this process; undefined if there is no primary. The variable is taken out of
 * `env`, so that what the application starts does not take itself for one of our processes.
 */
export function takeSeat(env: NodeJS.ProcessEnv): Seat | undefined {
  const [number, count] = (env[VARIABLE] ?? "").split("/").map(Number);
  delete env[VARIABLE];
  return cluster.isWorker && number && count ? { number, count } : undefined;
}

/** What this process may send away of `perSecond` clients, so that all of them together keep to it. */
export function drainShare(perSecond: number, seat: Seat | undefined): number {
  return perSecond / (seat?.count ?? 1);
}

/** How the process is named in logs: the port, and which of several processes: `8000/2`. */
export function instanceOf({ port }: { readonly port: number }, seat: Seat | undefined): string {
  return seat ? `${port}/${seat.number}` : String(port);
}

/** Whether it falls to this process to say what needs to be said once. */
export function isFirst(seat: Seat | undefined): boolean {
  return seat === undefined || seat.number === 1;
}

import type { AGServer } from "../api/index.ts";
import type { HttpConnections } from "../runtime/http/http-connections.ts";
import type { Lifecycle } from "../runtime/lifecycle.ts";
import type { Logger } from "../runtime/log.ts";
import { type DrainOptions, drainCapacity } from "../server/drain/drain.ts";
import type { WorkerConfig } from "./config.ts";
import { drainShare, isFirst, type Seat } from "./processes/seat.ts";

/** Of the grace period, what is kept for everything but the clients: this much, and at most a quarter of it. */
const RESERVE_MS = 2000;
/**
 * Clients that are told in one second come back in a shorter one where the first of them take longer than the last: so
 * much of the rate is used, for not more to come in any second than it says.
 */
const PACE = 0.9;

/** How many clients this process tells to go in a second, where time allows it. */
export function paceOf({ drainRate }: WorkerConfig, seat: Seat | undefined): number {
  return drainShare(drainRate, seat) * PACE;
}

/** How this process parts with its clients: the rate is shared by all processes of the worker, the time is not. */
function drainOptions({ drainMs, drainRate }: WorkerConfig, seat: Seat | undefined): DrainOptions {
  const deadlineMs = drainMs - Math.min(RESERVE_MS, drainMs / 4);
  return { perSecond: drainShare(drainRate, seat), deadlineMs };
}

/** Says at start, once for all processes, if the grace period is too short for as many clients as are expected. */
export function warnOfShortDrain(config: WorkerConfig, seat: Seat | undefined, log: Logger): void {
  if (!isFirst(seat)) return;
  const { drainMs, drainRate, expectedClients } = config;
  const capacity = drainCapacity(drainOptions(config, undefined));
  if (capacity >= expectedClients) return;
  log.warn(
    "SCC_DRAIN_MS is too short to send SCC_EXPECTED_CLIENTS away at SCC_DRAIN_RATE: at shutdown they go faster",
    { drainMs, drainRate, capacity, expectedClients },
  );
}

/**
 * Lets requests of the application that run be answered, for as long as the grace period allows it. The port is closed
 * then.
 */
export async function finishRequests(
  connections: HttpConnections,
  { remainingMs }: Pick<Lifecycle, "remainingMs">,
  log: Logger,
): Promise<void> {
  const cut = await connections.finish(Math.max(remainingMs - RESERVE_MS, remainingMs / 2));
  if (cut > 0) log.warn("requests are cut: the grace period is over", { requests: cut });
}

/** Sends all clients elsewhere, at the rate that is wished for if the grace period allows it. */
export async function sendClientsAway(
  server: AGServer,
  config: WorkerConfig,
  seat: Seat | undefined,
  log: Logger,
): Promise<void> {
  const options = drainOptions(config, seat);
  const clients = server.clientsCount;
  const capacity = drainCapacity(options);
  log.info("sending clients elsewhere", { clients });
  if (clients > capacity) {
    const { drainMs, drainRate } = config;
    log.warn("the grace period is too short for so many clients: they go faster than SCC_DRAIN_RATE", {
      ...{ drainMs, drainRate, capacity, clients },
    });
  }
  await server.drain({ ...options, perSecond: paceOf(config, seat) });
}

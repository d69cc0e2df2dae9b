import { availableParallelism } from "node:os";
import { type Flags, readConfig } from "../runtime/config/config.ts";
import { keepYoungGenerationSmall } from "../runtime/young-generation.ts";
import { workerSettings } from "./config.ts";
import { takeSeat } from "./processes/seat.ts";

/**
 * Starts scc-worker: one process, or a primary and the processes behind it. What each of them does not need is not
 * loaded, so that the primary stays small.
 *
 * @param modulePath the user's application; without one the worker serves the demo page
 * @throws {SccError} if it cannot work as it is configured
 */
export async function startWorker(
  env: NodeJS.ProcessEnv,
  flags: Flags,
  modulePath: string | undefined,
): Promise<void> {
  keepYoungGenerationSmall(env);
  const config = readConfig(workerSettings, env, flags);
  const seat = takeSeat(env);
  const count = config.processes === "auto" ? availableParallelism() : config.processes;
  if (seat === undefined && count > 1) return (await import("./primary.ts")).runPrimary(config, count);
  return (await import("./main.ts")).runWorker(config, modulePath, seat);
}

import { brokerSettings } from "../broker/config.ts";
import type { Settings } from "../runtime/config/config.ts";
import { fileVariableOf } from "../runtime/config/setting.ts";
import { stateSettings } from "../state/config.ts";
import { workerSettings } from "../worker/config.ts";

/** The settings of all services, by the names of their commands. */
export const SERVICES: ReadonlyMap<string, Settings> = new Map<string, Settings>([
  ["state", stateSettings],
  ["broker", brokerSettings],
  ["worker", workerSettings],
]);

/** Variables of commands that are no services, and those that our processes give each other. */
const OTHERS = ["SCC_TOKEN", "SCC_BENCH_TOKEN", "SCC_WORKER_SEAT"];

/** All variables that something reads: services that share an environment are not warned of each other's. */
export const KNOWN_VARIABLES: ReadonlySet<string> = new Set([
  ...[...SERVICES.values()].flatMap((settings) =>
    Object.values(settings).flatMap((setting) =>
      setting.secret ? [setting.env, fileVariableOf(setting)] : [setting.env],
    ),
  ),
  ...OTHERS,
]);

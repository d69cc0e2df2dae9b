import { nearest } from "./nearest.ts";
import type { Environment } from "./setting.ts";

/** A variable that looks like one of ours and is none. */
export interface UnknownVariable {
  readonly name: string;
  /** The known one that was probably meant. */
  readonly nearest: string | undefined;
}

/**
 * What Kubernetes sets for a service called `scc-state` in every container: SCC_STATE_SERVICE_HOST,
 * SCC_STATE_SERVICE_PORT, SCC_STATE_SERVICE_PORT_METRICS, SCC_STATE_PORT_7777_TCP, SCC_STATE_PORT_7777_TCP_ADDR ...
 */
const OF_SERVICE = /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
/** And SCC_STATE_PORT=tcp://10.0.0.7:7777: the old way of linked containers. */
const SERVICE_URL = /^(tcp|udp|sctp):\/\//;

/** Whether a variable was set by Kubernetes for some service, and not by somebody who configures a process. */
export function isOfKubernetes(name: string, value: string): boolean {
  return OF_SERVICE.test(name) || (name.endsWith("_PORT") && SERVICE_URL.test(value));
}

/**
 * The variables called `SCC_...` that nothing reads, sorted.
 *
 * @param known the names of all that something reads
 */
export function unknownVariables(env: Environment, known: ReadonlySet<string>): UnknownVariable[] {
  return Object.entries(env)
    .filter(
      ([name, value]) => name.startsWith("SCC_") && !known.has(name) && !isOfKubernetes(name, value ?? ""),
    )
    .map(([name]) => ({ name, nearest: nearest(name, known) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

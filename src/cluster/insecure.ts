import type { Logger } from "../runtime/log.ts";
import { isLoopback } from "../runtime/network.ts";

/** What a process that members connect to is told of who may. */
export interface Protection {
  /** Address to listen on; undefined: all. */
  readonly host: string | undefined;
  readonly authKey: string | undefined;
  readonly authKeySecondary: string | undefined;
  /** Whether members have to show a certificate. */
  readonly clientAuth: boolean;
  /** Whether it is meant that anybody may be a member. */
  readonly insecure: boolean;
}

export const OPEN_TO_ALL =
  "NO KEY: whoever reaches this port is a member of the cluster, reads and publishes everything, and can stop it; set SCC_AUTH_KEY, or SCC_INSECURE=1 if that is meant";

/** Whether other machines can become members without a proof of anything, and nobody said that this is meant. */
export function isOpenToAll({ host, authKey, authKeySecondary, clientAuth, insecure }: Protection): boolean {
  const isHere = host === "localhost" || isLoopback(host);
  return !isHere && !insecure && !clientAuth && authKey === undefined && authKeySecondary === undefined;
}

/** Says so where it is so. */
export function warnIfOpenToAll(protection: Protection, log: Logger): void {
  if (isOpenToAll(protection)) log.warn(OPEN_TO_ALL, { host: protection.host ?? "all addresses" });
}

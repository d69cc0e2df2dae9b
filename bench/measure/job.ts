import type { ContenderName } from "../contenders/contender.ts";
import type { Load } from "../suite/load.ts";
import type { Measured } from "./measured.ts";

/** One run: a load on a contender. Can be sent to another process. */
export interface Job {
  readonly contender: ContenderName;
  readonly load: Load;
  /** Bind server and generator to a core each. */
  readonly pin: boolean;
  /** Folder whose node_modules has the peers. */
  readonly peers: string;
  readonly uwsPreload: string | undefined;
}

/** Where a run stands. */
export interface Standing {
  /** "starting", or the phase of the load. */
  readonly phase: string;
  /** Part of the phase that is done, 0 to 1. */
  readonly done: number;
  readonly deliveredPerSecond: number;
}

/** What the measuring process tells. */
export type FromMeasuring =
  | { readonly kind: "standing"; readonly standing: Standing }
  | { readonly kind: "measured"; readonly measured: Measured }
  | { readonly kind: "failed"; readonly reason: string };

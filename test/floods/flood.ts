import type { FloodSocket } from "./flood-socket.ts";

/** Ports of a cluster that a flood may attack. */
export interface Targets {
  readonly worker: number;
  readonly broker: number;
}

/** One way to treat a server badly, over one connection at a time. */
export interface Flood {
  readonly name: string;
  /** What it does, for people. */
  readonly about: string;
  readonly target: keyof Targets;
  /** The path and query of its upgrade; default `/socketcluster/`. */
  readonly path?: string;
  /** Connections of each client at a time; default 1. */
  readonly connections?: number;
  /** Attacks until the connection ends or the signal says so. @param id unique among all connections of a run */
  attack(socket: FloodSocket, id: string, signal: AbortSignal): Promise<void>;
}

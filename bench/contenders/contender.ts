import type { Protocol } from "../../src/tools/bench/plan.ts";

/** What a process does in its set-up; costs are told by role. */
export type Role = "worker" | "broker" | "state";

/** One server process, before it is started. */
export interface ServerProcess {
  /** Unique in its set-up: "worker 2". */
  readonly name: string;
  readonly role: Role;
  readonly command: string;
  readonly args: readonly string[];
  /** All that it gets besides PATH. */
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
  /** Where it says with status 200 that it is ready; absent: it is when its port is open. */
  readonly readyPath?: string;
}

/** How large a set-up is. */
export interface Shape {
  /** Processes that clients connect to. */
  readonly workers: number;
  /** Processes between them; 0: each worker stands alone. */
  readonly brokers: number;
}

/** What a set-up is made with. */
export interface Site {
  /** A port that nobody has. */
  readonly port: () => number;
  /** Key with which the tokens of connections are signed, where they are verified. */
  readonly authKey: string | undefined;
  /** Folder whose node_modules has the peers. */
  readonly peers: string;
  /** Library that uWebSockets is to be loaded with, where it needs one. */
  readonly uwsPreload: string | undefined;
}

export const CONTENDER_NAMES = [
  "scc",
  "uws",
  "ws",
  "socket.io",
  "socketcluster-server",
  "socket.io+redis",
] as const;
export type ContenderName = (typeof CONTENDER_NAMES)[number];
/** A contender that is not ours. */
export type PeerName = Exclude<ContenderName, "scc">;

/** Something that can be measured: a server, or several that belong together. */
export interface Contender {
  readonly name: ContenderName;
  /** What it is, for people who read the report. */
  readonly about: string;
  readonly protocol: Protocol;
  /** npm packages that it is made of, to be named with their versions. */
  readonly packages: readonly string[];
  /** Whether several workers of it are one: what is published on one reaches all. */
  readonly clusters: boolean;
  /** Groups of processes; each is started when the one before is ready. */
  readonly processes: (shape: Shape, site: Site) => readonly (readonly ServerProcess[])[];
}

/** 1 to `count`. */
export function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

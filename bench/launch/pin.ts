import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";

/** A command line. */
export interface CommandLine {
  readonly command: string;
  readonly args: readonly string[];
}

/** Which core a process may use; absent: all. */
export type Core = number | undefined;

/** Where a single server and what loads it run, so that neither takes the other's time. */
export const SERVER_CORE = 0;
export const GENERATOR_CORE = 1;

/** The command, bound to a core. */
export function pinned({ command, args }: CommandLine, core: Core): CommandLine {
  if (core === undefined) return { command, args };
  return { command: "taskset", args: ["-c", String(core), command, ...args] };
}

/** Whether processes can be bound to cores here, and there are two of them. */
export function canPin(): boolean {
  if (availableParallelism() < 2) return false;
  try {
    execFileSync("taskset", ["-c", `${SERVER_CORE},${GENERATOR_CORE}`, "true"], { stdio: "ignore" });
    return true;
  } catch {
    // Not installed, or the cores are not ours to choose: then the system chooses.
    return false;
  }
}

import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";

/** A control group with a memory limit, as a container has one. Needs Linux and root. */
export class MemoryGroup {
  /** Where a process writes its id to join. */
  readonly procs: string;
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.procs = join(directory, "cgroup.procs");
  }

  /** @returns undefined where no group can be made */
  static create(name: string, bytes: number): MemoryGroup | undefined {
    const isFirstVersion = existsSync(join(ROOT, "memory"));
    const directory = join(ROOT, ...(isFirstVersion ? ["memory"] : []), name);
    try {
      mkdirSync(directory);
    } catch {
      return undefined; // not root, or no control groups: only V8's own limit holds then, and the table says so
    }
    const group = new MemoryGroup(directory);
    try {
      writeFileSync(join(directory, isFirstVersion ? "memory.limit_in_bytes" : "memory.max"), String(bytes));
      return group;
    } catch {
      group.remove();
      return undefined;
    }
  }

  /** To be called when its processes have ended. */
  remove(): void {
    rmdirSync(this.#directory);
  }
}

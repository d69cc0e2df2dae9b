import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";

export const MEBIBYTE = 2 ** 20;

/** The memory that a process may use, bytes. */
export interface MemoryLimits {
  /** V8's heap: what `--max-old-space-size` and its like allow. */
  readonly heap: number;
  /** The whole process, buffers and sockets included: the container's limit, else the machine's memory. */
  readonly total: number;
}

/** What a computer and Node.js say of memory; absent: this process's own. */
export interface MemorySource {
  readonly heapLimit: () => number;
  /** Bytes of the control group's limit; 0 or more than the machine has: there is none. */
  readonly constrained: () => number | undefined;
  readonly machine: () => number;
}

const THIS_PROCESS: MemorySource = {
  heapLimit: () => getHeapStatistics().heap_size_limit,
  constrained: () => process.constrainedMemory(),
  machine: totalmem,
};

/**
 * How much memory this process may use.
 *
 * @param processes how many processes share the container, such as a worker's; default 1
 */
export function memoryLimits(processes = 1, source: MemorySource = THIS_PROCESS): MemoryLimits {
  const machine = source.machine();
  const constrained = source.constrained() || machine;
  const total = Math.floor(Math.min(machine, constrained) / processes);
  return { heap: Math.min(source.heapLimit(), total), total };
}

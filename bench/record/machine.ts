import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";
import { z } from "zod";

/** What a machine is, as far as it matters for costs. It says nothing about whose it is. */
export const machineSchema = z.object({
  cpu: z.string(),
  cores: z.number(),
  memoryGb: z.number(),
  system: z.string(),
  node: z.string(),
});

export type Machine = z.infer<typeof machineSchema>;

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() || "unknown",
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    // What is behind the version says whose machine it is, and nothing about what things cost there.
    system: `${platform()} ${release().split(".", 2).join(".")} ${arch()}`,
    node: process.version,
  };
}

/** "AMD EPYC, 2 cores, 24 GB, linux 6.1.0 x64, Node.js v20.20.2" */
export function describeMachine({ cpu, cores, memoryGb, system, node }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGb} GB, ${system}, Node.js ${node}`;
}

import { setFlagsFromString } from "node:v8";

/**
 * Keeps V8's young generation at the 2 MB that it starts with, where it would grow to 32 MB under load.
 *
 * What a server of messages allocates is dead within a turn of the event loop: a young generation that fits in
 * the processor's cache is collected as rarely as matters, and its memory is read and written where it is
 * fast; and what it does not take is a third of what a process with idle connections needs
 * (figures: docs/decisions.md). To be called before much has been allocated.
 *
 * Who gives V8 a size himself (`node --max-semi-space-size`, or in `NODE_OPTIONS`) keeps it.
 */
export function keepYoungGenerationSmall(
  env: NodeJS.ProcessEnv,
  execArgv: readonly string[] = process.execArgv,
): void {
  if (/semi-space/.test([...execArgv, env.NODE_OPTIONS].join(" "))) return;
  setFlagsFromString("--semi-space-growth-factor=1");
}

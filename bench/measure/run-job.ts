import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { GENERATOR_CORE, pinned } from "../launch/pin.ts";
import type { FromMeasuring, Job, Standing } from "./job.ts";
import { type Measured, measuredSchema } from "./measured.ts";

const PROGRAM = fileURLToPath(new URL("./measuring-process.ts", import.meta.url));
/** Besides the time that the load itself takes: starting, connecting, draining, stopping. */
const BESIDES_MS = 180_000;
const ERRORS_KEPT = 2000;

/** Runs under way, so that they can be ended. */
const running = new Set<ChildProcess>();

/**
 * Makes a run in a process of its own.
 *
 * @throws {Error} saying why there is no result
 */
export async function runJob(job: Job, tell: (standing: Standing) => void): Promise<Measured> {
  const tsx = ["--import", import.meta.resolve("tsx")];
  const node = { command: process.execPath, args: tsx };
  const { command, args } = pinned(node, job.pin ? GENERATOR_CORE : undefined);
  const child = fork(PROGRAM, [], {
    execPath: command,
    execArgv: [...args],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    // A group of its own, which its servers belong to.
    detached: true,
  });
  running.add(child);
  const { settleMs, warmupMs, durationMs } = job.load;
  const deadline = setTimeout(() => end(child, "SIGKILL"), BESIDES_MS + settleMs + warmupMs + durationMs);
  try {
    return await outcomeOf(child, job, tell);
  } finally {
    clearTimeout(deadline);
    end(child, "SIGKILL");
    running.delete(child);
  }
}

/** Ends what is being measured, servers included. */
export function endAll(): void {
  for (const child of running) end(child, "SIGKILL");
}

function outcomeOf(child: ChildProcess, job: Job, tell: (standing: Standing) => void): Promise<Measured> {
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    errors = `${errors}${chunk}`.slice(-ERRORS_KEPT);
  });
  return new Promise((resolve, reject) => {
    let measured: Measured | undefined;
    child.on("message", (message: FromMeasuring) => {
      if (message.kind === "standing") tell(message.standing);
      else if (message.kind === "failed") reject(new Error(message.reason));
      else measured = measuredSchema.parse(message.measured);
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (measured !== undefined) resolve(measured);
      else
        reject(new Error(`The measuring process ended (${signal ?? `exit code ${code}`}) ${errors}`.trim()));
    });
    child.send(job);
  });
}

/** Signals a process and all that it has started. */
function end({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Nobody of the group is left, as it should be; macOS calls that EPERM.
    if (!["ESRCH", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

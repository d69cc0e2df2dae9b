/** What a service of the local cluster is doing, for the table. */
export type Phase = "starting" | "ready" | "not ready" | "restarting" | "stopping" | "stopped";

/** How a process ended: by itself with a code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * The life of one service, over all its processes.
 *
 *     starting --probe--> ready <--probe--> not ready
 *        ^                  |
 *        |                exited
 *        +-- spawned -- restarting          any --stop--> stopping --exited--> stopped
 *
 * Pure: a new value for every event; times (ms) come in as arguments.
 */
export interface Life {
  readonly phase: Phase;
  readonly pid?: number;
  /** When the present process was started. */
  readonly startedAt: number;
  /** When the next one will be, while restarting. */
  readonly restartAt?: number;
  /** Processes started after the first. */
  readonly restarts: number;
  /** Whether any of its processes was ever ready. */
  readonly everReady: boolean;
  /** Whether the present one was: it can then end gracefully. */
  readonly served: boolean;
  /** Why it is not ready, or how it ended. */
  readonly reason?: string;
  /** Whether it ended as it was asked to. Means something once stopped. */
  readonly clean: boolean;
}

export type LifeEvent =
  | { readonly kind: "spawned"; readonly pid: number | undefined }
  /** `trouble` is what `/readyz` said; absent when the service is ready. */
  | { readonly kind: "probed"; readonly trouble: string | undefined }
  /** `retryInMs`: absent when it will not be started again. */
  | { readonly kind: "exited"; readonly exit: Exit; readonly retryInMs: number | undefined }
  | { readonly kind: "stop" };

export const unborn: Life = {
  phase: "starting",
  startedAt: 0,
  restarts: -1,
  everReady: false,
  served: false,
  clean: true,
};

/** A probe's trouble when nobody listens, which goes without saying of a service that is just starting. */
export const NO_ANSWER = "no answer";

/** The life after an event. */
export function next(life: Life, event: LifeEvent, now: number): Life {
  switch (event.kind) {
    case "spawned":
      return spawned(life, event.pid, now);
    case "probed":
      return probed(life, event.trouble);
    case "exited":
      return exited(life, event.exit, event.retryInMs, now);
    case "stop":
      return stopped(life);
  }
}

function spawned(life: Life, pid: number | undefined, now: number): Life {
  const { everReady, clean } = life;
  const started = { startedAt: now, restarts: life.restarts + 1, everReady, served: false, clean };
  return { phase: "starting", ...started, ...(pid === undefined ? {} : { pid }) };
}

function probed(life: Life, trouble: string | undefined): Life {
  // An answer may come in after the process has died, or while it is being stopped.
  if (life.pid === undefined || life.phase === "stopping") return life;
  if (trouble === undefined) {
    const { reason, ...rest } = life;
    return { ...rest, phase: "ready", everReady: true, served: true };
  }
  if (life.served) return { ...life, phase: "not ready", reason: trouble };
  return trouble === NO_ANSWER ? life : { ...life, phase: "starting", reason: trouble };
}

function exited(life: Life, exit: Exit, retryInMs: number | undefined, now: number): Life {
  const { pid, restartAt, ...rest } = life;
  const reason = describeExit(exit);
  if (life.phase === "stopping" || retryInMs === undefined)
    return { ...rest, phase: "stopped", reason, clean: life.phase === "stopping" && isClean(life, exit) };
  return { ...rest, phase: "restarting", reason, restartAt: now + retryInMs };
}

function stopped(life: Life): Life {
  if (life.phase === "stopped" || life.phase === "stopping") return life;
  const { restartAt, reason, ...rest } = life;
  return { ...rest, phase: life.pid === undefined ? "stopped" : "stopping" };
}

/** A process that is told to end before it can know how to simply dies of it, which harms nobody. */
function isClean(life: Life, { code, signal }: Exit): boolean {
  return code === 0 || (!life.served && signal === "SIGTERM");
}

/** "exit code 1", "SIGKILL". */
export function describeExit({ code, signal }: Exit): string {
  return signal ?? `exit code ${code}`;
}

/** The exit code that says: not with this configuration. Starting again would only say so again. */
export const CONFIGURATION_EXIT = 2;

/**
 * Whether a service that ended is worth another try. One that never worked and refuses its configuration
 * is not; one that worked before may only have met a module that is just being edited.
 */
export function worthRestarting(life: Life, { code }: Exit): boolean {
  return life.everReady || code !== CONFIGURATION_EXIT;
}

/** After so long without an exit a service counts as well again, and its next failure as its first. */
export const WELL_AFTER_MS = 10_000;

/** Whether the process that has just ended had been well, so that the back-off begins anew. */
export function ranWell(life: Life, now: number): boolean {
  return life.served && now - life.startedAt >= WELL_AFTER_MS;
}

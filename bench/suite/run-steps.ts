import type { ContenderName } from "../contenders/contender.ts";
import type { Job, Standing } from "../measure/job.ts";
import type { Measured } from "../measure/measured.ts";
import type { ComparisonLine, FailureLine, GrowthLine } from "../record/lines.ts";
import { withoutFolders } from "../record/without-folders.ts";
import { isPinned, type Load, quick } from "./load.ts";
import { type ComparisonStep, type GrowthStep, keyOf, type Step } from "./schedule.ts";

/** One and the same thing that failed so often is not tried again in this session. */
const GIVE_UP_AFTER = 2;

export interface StepsOptions {
  readonly quick: boolean;
  /** Whether processes can be bound to cores here. */
  readonly canPin: boolean;
  readonly peers: string;
  readonly uwsPreload: string | undefined;
  /** Ends it: the run under way comes to nothing, and is not recorded. */
  readonly stop: AbortSignal;
}

/** Who hears how it goes. */
export interface Listener {
  standing(step: Step, contender: ContenderName, standing: Standing): void;
  measured(step: Step, line: ComparisonLine | GrowthLine): void;
  /** @param kept ours, where only the peer failed */
  failed(step: Step, line: FailureLine, kept: ComparisonLine | undefined): void;
}

/** Makes a run; rejects with the reason why there is no result. */
export type Run = (job: Job, tell: (standing: Standing) => void) => Promise<Measured>;

/** Takes step after step. A run that fails is told, and the next step is taken. */
export async function runSteps(
  steps: readonly Step[],
  options: StepsOptions,
  listener: Listener,
  run: Run,
): Promise<void> {
  const failures = new Map<string, number>();
  for (const step of steps) {
    if (options.stop.aborted) return;
    const failed = failures.get(keyOf(step)) ?? 0;
    if (failed >= GIVE_UP_AFTER) continue;
    if (!(await takeStep(step, options, listener, run))) failures.set(keyOf(step), failed + 1);
  }
}

/** A run that came to nothing, and whose. */
class RunError extends Error {
  readonly contender: ContenderName;
  /** What was measured before. */
  kept: ComparisonLine | undefined;

  constructor(contender: ContenderName, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.contender = contender;
  }
}

async function takeStep(step: Step, options: StepsOptions, listener: Listener, run: Run): Promise<boolean> {
  const measure = async (contender: ContenderName, load: Load): Promise<Measured> => {
    const { peers, uwsPreload, canPin } = options;
    const fitting = options.quick ? quick(load) : load;
    const job = { contender, load: fitting, pin: canPin && isPinned(load), peers, uwsPreload };
    try {
      return await run(job, (standing) => listener.standing(step, contender, standing));
    } catch (error) {
      throw new RunError(contender, error);
    }
  };
  try {
    const line = step.kind === "comparison" ? await compare(step, measure) : await grow(step, measure);
    listener.measured(step, line);
    return true;
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    if (options.stop.aborted) return true;
    const reason = withoutFolders(error.message);
    const of = step.kind === "comparison" ? step.scenario.name : step.study.name;
    const line = {
      kind: "failure",
      at: now(),
      of,
      contender: error.contender,
      reason,
    } as const;
    listener.failed(step, line, error.kept);
    return false;
  }
}

type Measure = (contender: ContenderName, load: Load) => Promise<Measured>;

async function compare({ scenario, peer }: ComparisonStep, measure: Measure): Promise<ComparisonLine> {
  const at = now();
  const ours = await measure("scc", scenario.load);
  const line = { kind: "comparison", at, scenario: scenario.name, ours } as const;
  if (peer === undefined) return line;
  try {
    return { ...line, peer, theirs: await measure(peer, scenario.load) };
  } catch (error) {
    if (error instanceof RunError) error.kept = line;
    throw error;
  }
}

async function grow({ study, value, contender }: GrowthStep, measure: Measure): Promise<GrowthLine> {
  const at = now();
  const measured = await measure(contender, study.load(value));
  return { kind: "growth", at, study: study.name, value, contender, measured };
}

function now(): string {
  return new Date().toISOString();
}

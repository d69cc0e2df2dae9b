import { type Outcome, World, type WorldOptions } from "./world.ts";

/** Lines of a trace that are shown of a world with a finding. */
const LAST_LINES = 60;

export type RunOptions = Pick<WorldOptions, "profile" | "allowGaps">;

/** Seeds that follow each other, and what was found in their worlds. */
export interface Chunk {
  readonly from: number;
  readonly count: number;
}

export interface ChunkResult extends Chunk {
  readonly steps: number;
  /** Time of their worlds, all together, ms. */
  readonly lasted: number;
  readonly published: number;
  readonly faults: number;
  readonly findings: readonly Outcome[];
}

/** Runs the worlds of some seeds, one after the other. */
export async function runChunk({ from, count }: Chunk, options: RunOptions): Promise<ChunkResult> {
  const sums = { steps: 0, lasted: 0, published: 0, faults: 0 };
  const findings: Outcome[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await new World({ ...options, seed }).run();
    for (const key of ["steps", "lasted", "published", "faults"] as const) sums[key] += outcome[key];
    if (outcome.finding) findings.push(outcome);
  }
  return { from, count, ...sums, findings };
}

/** What was found, how to see it again, and the last that happened: a world is the same each time. */
export async function explain({ seed, profile, finding }: Outcome, options: RunOptions): Promise<string> {
  const lines: string[] = [];
  const trace = (line: string): void => {
    lines.push(line);
    if (lines.length > 2 * LAST_LINES) lines.splice(0, LAST_LINES);
  };
  await new World({ ...options, seed, profile, trace }).run();
  return [
    ...lines.slice(-LAST_LINES),
    `seed ${seed}, profile ${profile}, invariant ${finding?.invariant}: ${finding?.sentence}`,
    `npm run simulate -- --profile ${profile} --seed ${seed} --trace`,
  ].join("\n");
}

import type { ContenderName } from "../contenders/contender.ts";
import type { Standing } from "../measure/job.ts";
import type { Step } from "../suite/schedule.ts";
import type { Row } from "./board.ts";

/** Shows how the benchmark goes. */
export interface View {
  /** A word to people: what is missing, where the report is. */
  say(text: string): void;
  /** What there is to do, with what there is of it already; once, before the first step. */
  begin(rows: readonly Row[], steps: number): void;
  /** A run is under way. */
  standing(step: Step, contender: ContenderName, standing: Standing): void;
  /** A step is done; its row is new. */
  measured(row: Row): void;
  failed(step: Step, contender: ContenderName, reason: string): void;
  end(): void;
}

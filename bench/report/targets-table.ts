import { METRICS } from "../measure/measured.ts";
import type { Summary } from "../record/statistics.ts";
import { TARGETS, type Target } from "../suite/targets.ts";
import { costOf, type Data, missingOf, ratioOf, runsOf } from "./data.ts";
import { digits, spread, table } from "./markdown.ts";

/** Fewer say little on a machine that does other things as well. */
const ENOUGH = 5;

export type Verdict = "met" | "missed" | "not measured";

/** Whether a target has been reached. */
export interface Judged {
  readonly target: Target;
  /** The ratio to a peer, or the value itself. */
  readonly measured: Summary | undefined;
  readonly verdict: Verdict;
  /** What is to be known about it: a peer that is missing, too few pairs. */
  readonly remark: string | undefined;
}

export function judge(data: Data, target: Target): Judged {
  const { scenario, metric, peer, limit } = target;
  const measured =
    peer === undefined
      ? costOf(runsOf(data, scenario, "scc"), METRICS[metric])
      : ratioOf(data, scenario, peer, METRICS[metric]);
  if (measured === undefined) {
    const isMissing = peer !== undefined && missingOf(data, peer) !== undefined;
    return {
      target,
      measured,
      verdict: "not measured",
      remark: isMissing ? `${peer} is missing` : undefined,
    };
  }
  const remark = measured.n < ENOUGH ? `fewer than ${ENOUGH}` : undefined;
  return { target, measured, verdict: measured.median <= limit ? "met" : "missed", remark };
}

/** All targets against what has been measured, misses marked. */
export function targetsTable(data: Data): string {
  const titles = ["scenario", "what", "target", "measured (spread)", "n", "of the target", "", "command"];
  return table(
    titles,
    TARGETS.map((target) => rowOf(judge(data, target))),
  );
}

function rowOf({ target, measured, verdict, remark }: Judged): string[] {
  const { scenario, metric, peer, limit } = target;
  const { name, unit } = METRICS[metric];
  return [
    scenario,
    peer === undefined ? name : `${name}, ratio to ${peer}`,
    peer === undefined ? `≤ ${digits(limit)} ${unit}` : `≤ ${ratio(limit)}`,
    measured === undefined ? "-" : `${spread(measured)}${peer === undefined ? ` ${unit}` : ""}`,
    String(measured?.n ?? 0),
    measured === undefined ? "-" : `${((measured.median / limit) * 100).toFixed(1)} %`,
    `${verdict === "missed" ? "**missed**" : verdict}${remark === undefined ? "" : ` (${remark})`}`,
    `\`npm run bench -- --only ${scenario}\``,
  ];
}

/** 1.1, or 1/14 where that is shorter to understand. */
function ratio(limit: number): string {
  return limit < 1 ? `1/${digits(1 / limit)} = ${digits(limit)}` : digits(limit);
}

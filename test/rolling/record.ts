import { isFaultless } from "../../src/tools/chaos/check/tally.ts";
import type { CrowdOutcome } from "./crowd-messages.ts";
import { mostInAnySecond, type Percentiles, percentilesOf } from "./measure.ts";

export const SCENARIOS = ["roll", "scale"] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** How a run was made. */
export interface Conditions {
  readonly scenario: Scenario;
  /** What ran at first, and what in the end. */
  readonly from: string;
  readonly to: string;
  readonly clients: number;
  readonly publishers: number;
  readonly channels: number;
  /** Messages a second. */
  readonly rate: number;
  /** `SCC_DRAIN_RATE` of each worker. */
  readonly drainRate: number;
  readonly balance: string;
}

/** What a run came to. Times in ms. */
export interface RollingRecord extends Conditions {
  /** When it began, ISO 8601. */
  readonly at: string;
  readonly seconds: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly unanswered: number;
  readonly delivered: number;
  /** Owed to a subscriber that stayed connected; or left out, or acknowledged for long, when it was parted with. */
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  readonly unknown: number;
  /** On their way when a client was parted with, and for how long they had been acknowledged at most. */
  readonly missedAtParting: number;
  readonly missedAtPartingMs: number;
  /** Acknowledged while a subscriber was between two workers. */
  readonly missedAway: number;
  readonly moved: number;
  readonly mostMoves: number;
  readonly missing: number;
  readonly comingBack: Percentiles;
  readonly mostPartingsInASecond: number;
  readonly mostReconnectsInASecond: number;
  /** What the reconnects of one second are held against: the rates of all workers that drained at a time. */
  readonly allowedInASecond: number;
  readonly closeCodes: Readonly<Record<string, number>>;
  readonly aborted: Readonly<Record<string, number>>;
  readonly refusedSubscriptions: number;
  readonly longestPauseMs: number;
  readonly medianPauseMs: number;
  readonly heldBack: number;
  readonly ownPauseMs: number;
  /** What was not as planned: a process that failed, or was killed. */
  readonly troubles: readonly string[];
}

/**
 * A message acknowledged for longer, and not come before its client was parted with, was not on its way: it is lost.
 * The clients' process may have heard of the parting later by as long as it stood still.
 */
const ON_ITS_WAY_MS = 1000;
/** Within which time 95 of 100 clients have to be back. */
const BACK_WITHIN_MS = 2000;

export interface Circumstances {
  readonly at: string;
  readonly seconds: number;
  readonly mostDraining: number;
  readonly troubles: readonly string[];
}

export function recordOf(conditions: Conditions, outcome: CrowdOutcome, how: Circumstances): RollingRecord {
  const { tally, missedAtParting, leftOutAtParting, partings, reconnects, comebacks, ...others } = outcome;
  const mostMs = ON_ITS_WAY_MS + outcome.ownPauseMs;
  const late = missedAtParting.filter((ms) => ms > mostMs);
  const onTheirWay = missedAtParting.filter((ms) => ms <= mostMs);
  const { sent, acknowledged, rejected, unanswered, delivered, unknown, pause } = tally;
  const { mostDraining, at, seconds, troubles } = how;
  return {
    ...conditions,
    ...{ at, seconds, troubles },
    ...others,
    ...{ sent, acknowledged, rejected, unanswered, delivered, unknown },
    lost: tally.lost + leftOutAtParting + late.length,
    doubled: tally.duplicated,
    reordered: tally.reordered + tally.disagreed,
    missedAtParting: onTheirWay.length,
    missedAtPartingMs: Math.round(percentilesOf(onTheirWay).max),
    moved: partings.length,
    comingBack: percentilesOf(comebacks.map(Math.round)),
    mostPartingsInASecond: mostInAnySecond(partings),
    mostReconnectsInASecond: mostInAnySecond(reconnects),
    allowedInASecond: conditions.drainRate * mostDraining,
    longestPauseMs: Math.round(pause.longestMs),
    medianPauseMs: Math.round(pause.medianMs),
  };
}

/** What is promised and was not kept, in words; nothing if all is well. */
export function problemsOf(record: RollingRecord): string[] {
  const { lost, doubled, reordered, unknown, missing, comingBack, unanswered } = record;
  const { mostReconnectsInASecond, allowedInASecond, scenario, moved, sent, troubles } = record;
  const isClean = isFaultless({
    ...record,
    duplicated: doubled,
    disagreed: 0,
    interrupted: 0,
    missedMeanwhile: 0,
  });
  const problems: (readonly [boolean, string])[] = [
    [isClean, `lost ${lost}, doubled ${doubled}, out of order ${reordered}, made up ${unknown}`],
    [unanswered === 0, `${unanswered} publishes were neither acknowledged nor rejected`],
    [missing === 0, `${missing} clients are not back`],
    [
      comingBack.p95 < BACK_WITHIN_MS,
      `p95 of coming back is ${comingBack.p95} ms, not below ${BACK_WITHIN_MS}`,
    ],
    [
      mostReconnectsInASecond <= allowedInASecond,
      `${mostReconnectsInASecond} reconnects in one second, more than ${allowedInASecond}`,
    ],
    // A run in which nothing happened proves nothing.
    [
      scenario !== "roll" || moved >= record.clients,
      `only ${moved} clients were moved: not all workers were rolled`,
    ],
    [sent > 0 && record.delivered > 0, "nothing was published, or nothing came"],
  ];
  return [...problems.filter(([holds]) => !holds).map(([, problem]) => problem), ...troubles];
}

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A record as a table of Markdown. */
export function toTable(record: RollingRecord): string {
  const counts = (by: Readonly<Record<string, number>>): string =>
    Object.entries(by)
      .map(([name, count]) => `${NUMBER.format(count)} ${name}`)
      .join(", ") || "0";
  const number = (value: number): string => NUMBER.format(value);
  const { comingBack } = record;
  const rows: (readonly [string, string])[] = [
    ["from, to", `${record.from}, ${record.to}`],
    ["sent", number(record.sent)],
    ["acknowledged", number(record.acknowledged)],
    ["rejected", counts(record.rejected)],
    ["delivered", number(record.delivered)],
    ["lost", number(record.lost)],
    ["doubled", number(record.doubled)],
    ["reordered", number(record.reordered)],
    ["clients moved (of them, one at most)", `${number(record.moved)} times (${record.mostMoves})`],
    ["clients not back", number(record.missing)],
    ["tries to connect that failed", counts(record.aborted)],
    ["coming back: p50 / p95 / max", `${comingBack.p50} / ${comingBack.p95} / ${comingBack.max} ms`],
    [
      "most reconnects in a second (allowed)",
      `${number(record.mostReconnectsInASecond)} (${number(record.allowedInASecond)})`,
    ],
    ["most clients parted with in a second", number(record.mostPartingsInASecond)],
    ["longest pause (median of channels)", `${number(record.longestPauseMs)} (${record.medianPauseMs}) ms`],
    [
      "on their way when a client was parted with",
      `${number(record.missedAtParting)}, at most ${record.missedAtPartingMs} ms old`,
    ],
    ["acknowledged while a subscriber was away", number(record.missedAway)],
    ["seconds; longest standstill of the clients", `${record.seconds} s; ${number(record.ownPauseMs)} ms`],
  ];
  return [
    `| ${record.scenario} | |`,
    "| --- | --- |",
    ...rows.map(([what, value]) => `| ${what} | ${value} |`),
  ].join("\n");
}

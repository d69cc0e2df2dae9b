import type { ReportMessage } from "../../cluster/report/report-messages.ts";

/** How a process was between its last two reports. */
export interface Usage {
  readonly pid: number;
  /** Processor time per time: 1 is one core. Absent with the first report. */
  readonly cpu?: number;
  readonly rssBytes: number;
  /** How much there is now, and what happened since the process started, by name. */
  readonly numbers: Readonly<Record<string, number>>;
  /** What of that happened per second, by the same names. Empty with the first report. */
  readonly perSecond: Readonly<Record<string, number>>;
}

/** Numbers that only grow, of which the rate is of interest. */
const GROWING = ["publishes", "deliveries", "messages", "bytesIn", "bytesOut", "errors"] as const;

/** @param before the report before this one, of the same process */
export function usageOf(report: ReportMessage, before: ReportMessage | undefined): Usage {
  const { pid, rssBytes, numbers } = report;
  if (before === undefined || report.ms <= 0 || before.pid !== pid)
    return { pid, rssBytes, numbers, perSecond: {} };
  const perSecond: Record<string, number> = {};
  for (const name of GROWING) {
    const [now, then] = [numbers[name], before.numbers[name]];
    if (now !== undefined && then !== undefined)
      perSecond[name] = (Math.max(0, now - then) * 1000) / report.ms;
  }
  const cpu = Math.max(0, report.cpuMs - before.cpuMs) / report.ms;
  return { pid, rssBytes, numbers, cpu, perSecond };
}

/** What happened between two reports of a process, of a number that only grows. */
export function grown(report: ReportMessage, before: ReportMessage | undefined, name: string): number {
  const [now, then] = [report.numbers[name], before?.numbers[name]];
  return now === undefined || then === undefined || before?.pid !== report.pid ? 0 : Math.max(0, now - then);
}

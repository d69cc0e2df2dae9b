import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { mustRunAll } from "../support/chromium.ts";
import { whyNoPrometheus } from "../support/prometheus.ts";
import { ALERTS, type Rule, rules } from "./expressions.ts";

/** What makes an alert fire, and what does not: series in promtool's words, a value each minute. */
interface Cause {
  readonly bad: Readonly<Record<string, string>>;
  readonly good: Readonly<Record<string, string>>;
  /** Labels of the alert, besides its own. */
  readonly labels?: Readonly<Record<string, string>>;
}

const WORKER = '{instance="w:9000",service="scc-worker"}';
const GAPS = 'scc_worker_gaps_total{instance="w:9000",reason="new log",service="scc-worker"}';
const BROKER = '{instance="b:9888",service="scc-broker"}';
const [atWorker, atBroker] = [
  { instance: "w:9000", service: "scc-worker" },
  { instance: "b:9888", service: "scc-broker" },
];

/** One for each alert. */
const CAUSES: Readonly<Record<string, Cause>> = {
  SccStateMissing: { bad: { [`scc_ready${WORKER}`]: "1x60" }, good: { scc_state_brokers: "2x60" } },
  SccNoBroker: {
    bad: { [`scc_ring_brokers${WORKER}`]: "0x60" },
    good: { [`scc_ring_brokers${WORKER}`]: "0x60", [`scc_ring_brokers${BROKER}`]: "2x60" },
  },
  SccOneBroker: {
    bad: { [`scc_ring_brokers${WORKER}`]: "1x60" },
    good: { [`scc_ring_brokers${WORKER}`]: "2x60" },
  },
  SccNotReady: {
    bad: { [`scc_ready${WORKER}`]: "0x60" },
    good: { [`scc_ready${WORKER}`]: "0x27 1x33" },
    labels: atWorker,
  },
  SccRingsDiffer: {
    bad: { [`scc_ring_version${WORKER}`]: "3x60", [`scc_ring_version${BROKER}`]: "4x60" },
    good: { [`scc_ring_version${WORKER}`]: "4x60", [`scc_ring_version${BROKER}`]: "4x60" },
  },
  SccUnsettled: {
    bad: { [`scc_broker_unsettled_seconds${BROKER}`]: "0+60x60" },
    good: { [`scc_broker_unsettled_seconds${BROKER}`]: "5x60" },
    labels: atBroker,
  },
  SccLinksMissing: {
    bad: { [links("broker", "open")]: "2x60", [links("broker", "unusable")]: "1x60" },
    good: { [links("broker", "open")]: "3x60", [links("broker", "missing")]: "0x60" },
    labels: { ...atWorker, role: "broker" },
  },
  SccCanariesLate: {
    bad: { [`scc_worker_canaries_late${WORKER}`]: "1x60" },
    good: { [`scc_worker_canaries_late${WORKER}`]: "1x27 0x33" },
    labels: atWorker,
  },
  SccClientsSentElsewhere: {
    bad: { [`scc_worker_evacuated_total${WORKER}`]: "0x27 5x33" },
    good: { [`scc_worker_evacuated_total${WORKER}`]: "5x60" },
    labels: atWorker,
  },
  SccMessagesLost: {
    bad: { [GAPS]: "0x27 1x33" },
    good: { [GAPS]: "1x60" },
    labels: { ...atWorker, reason: "new log" },
  },
  SccPublishesLost: {
    bad: { [`scc_worker_lost_total${WORKER}`]: "0x27 1x33" },
    good: { [`scc_worker_lost_total${WORKER}`]: "1x60" },
    labels: atWorker,
  },
  SccPublishesRejected: {
    bad: { 'scc_worker_rejected_total{instance="w:9000",reason="time"}': "0+60x60" },
    good: { 'scc_worker_rejected_total{instance="w:9000",reason="time"}': "0+3x60" },
    labels: { instance: "w:9000", reason: "time" },
  },
  SccAcknowledgementsSlow: {
    bad: slow("90"),
    good: slow("100"),
    labels: { level: "replica" },
  },
  SccSlowConsumers: {
    bad: { [`scc_worker_slow_consumers_total${WORKER}`]: "0+120x60" },
    good: { [`scc_worker_slow_consumers_total${WORKER}`]: "0+6x60" },
    labels: { instance: "w:9000" },
  },
  SccClientsHeldBack: {
    bad: { [`scc_worker_held_back${WORKER}`]: "5x60" },
    good: { [`scc_worker_held_back${WORKER}`]: "5x27 0x33" },
    labels: atWorker,
  },
  SccEventLoopSlow: {
    bad: { [`nodejs_eventloop_lag_p99_seconds${WORKER}`]: "0.5x60" },
    good: {
      [`nodejs_eventloop_lag_p99_seconds${WORKER}`]: "0.01x60",
      'nodejs_eventloop_lag_p99_seconds{job="other"}': "9x60",
    },
    labels: atWorker,
  },
  SccWorkerProcessesMissing: {
    bad: { [`scc_worker_processes${WORKER}`]: "4x60", [`scc_worker_processes_ready${WORKER}`]: "3x60" },
    good: { [`scc_worker_processes${WORKER}`]: "4x60", [`scc_worker_processes_ready${WORKER}`]: "4x60" },
    labels: atWorker,
  },
  SccRegistrationsRefused: {
    bad: { 'scc_state_refused_total{instance="s:8777"}': "0x27 1x33" },
    good: { 'scc_state_refused_total{instance="s:8777"}': "1x60" },
    labels: { instance: "s:8777" },
  },
  SccLinksTooSlow: {
    bad: { [`scc_link_too_slow_total${BROKER}`]: "0x27 1x33" },
    good: { [`scc_link_too_slow_total${BROKER}`]: "1x60" },
    labels: atBroker,
  },
};

function links(role: string, state: string): string {
  return `scc_links{instance="w:9000",role="${role}",service="scc-worker",state="${state}"}`;
}

/** A hundred acknowledgements a minute, and how many of them come within a second. */
function slow(within: string): Cause["bad"] {
  const series = (le: string): string =>
    `scc_worker_acknowledgement_seconds_bucket{instance="w:9000",level="replica",le="${le}"}`;
  return { [series("1")]: `0+${within}x60`, [series("2.5")]: "0+100x60", [series("+Inf")]: "0+100x60" };
}

const AT = "29m";

function promtoolTest(
  { alert, labels, annotations }: Rule,
  series: Cause["bad"],
  fires: boolean,
  cause: Cause,
) {
  const expected = {
    exp_labels: { ...labels, ...cause.labels },
    exp_annotations: filled(annotations, cause.labels ?? {}),
  };
  return {
    interval: "1m",
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [{ eval_time: AT, alertname: alert, exp_alerts: fires ? [expected] : [] }],
  };
}

function filled(
  texts: Rule["annotations"],
  labels: Readonly<Record<string, string>>,
): Record<string, string> {
  const fill = (text: string): string =>
    text.replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? "");
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, fill(text)]));
}

const directory = mkdtempSync(join(tmpdir(), "scc-alerts-"));
afterAll(() => rmSync(directory, { recursive: true }));

describe("The alert rules", () => {
  it("have a cause here, each of them", () => {
    expect(rules().map(({ alert }) => alert)).toEqual(Object.keys(CAUSES));
  });

  const reason = mustRunAll() ? undefined : whyNoPrometheus();
  it.skipIf(reason).each(rules())(
    `fire where there is a cause, and only there: $alert${reason ? ` (${reason})` : ""}`,
    (rule) => {
      const cause = CAUSES[rule.alert]!;
      const file = join(directory, `${rule.alert}.yaml`);
      const tests = [
        promtoolTest(rule, cause.bad, true, cause),
        promtoolTest(rule, cause.good, false, cause),
      ];
      writeFileSync(file, stringify({ rule_files: [ALERTS], evaluation_interval: "1m", tests }));

      expect(execFileSync("promtool", ["test", "rules", file], { encoding: "utf8" })).toContain("SUCCESS");
    },
  );
});

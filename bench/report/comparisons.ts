import { CONTENDER_NAMES, type ContenderName, type PeerName } from "../contenders/contender.ts";
import { METRICS, type Measured } from "../measure/measured.ts";
import { summaryOf } from "../record/statistics.ts";
import { SCENARIOS, type Scenario } from "../suite/scenarios.ts";
import { costOf, type Data, missingOf, ratioOf, runsOf } from "./data.ts";
import { paragraphs, spread, table } from "./markdown.ts";

/** A section per scenario that has been measured: everybody's costs, and ratios pair by pair. */
export function comparisons(data: Data): string {
  const measured = SCENARIOS.filter(({ name }) => runsOf(data, name, "scc").length > 0);
  return paragraphs(measured.map((scenario) => section(data, scenario)));
}

function section(data: Data, scenario: Scenario): string {
  const { name, about } = scenario;
  const contenders = CONTENDER_NAMES.filter((contender) => runsOf(data, name, contender).length > 0);
  const absent = scenario.peers.flatMap((peer) => {
    const reason = missingOf(data, peer);
    return reason === undefined ? [] : [`${peer} (${reason})`];
  });
  const notes = new Set(runsOf(data, name, "scc").flatMap(({ note }) => note ?? []));
  return paragraphs([
    `### ${name}`,
    `${about}.`,
    ...notes,
    costs(data, scenario, contenders),
    scenario.load.shape.brokers > 0 && scenario.load.pace !== undefined
      ? shares(data, name, contenders)
      : undefined,
    absent.length === 0 ? undefined : `Missing: ${absent.join("; ")}.`,
  ]);
}

function costs(data: Data, { name, metric, load }: Scenario, contenders: readonly ContenderName[]): string {
  const { pace } = load;
  const publishes = pace !== undefined;
  const isPaced = publishes && "perSecond" in pace;
  const column = (which: keyof typeof METRICS, shown: boolean) => ({ which, shown });
  const columns = [
    column("cpu", publishes),
    // Either the server sets the rate, and latencies only say how much was on its way, or the load does.
    column("rate", publishes && !isPaced),
    column("p50", isPaced),
    column("p99", isPaced),
    column("connectCpu", !publishes),
    column("memory", !publishes),
    column("shares", !publishes),
  ].filter(({ shown }) => shown);
  const titles = [
    "",
    "n",
    ...columns.map(({ which }) => `${METRICS[which].name} (${METRICS[which].unit})`),
    `scc's ratio, ${METRICS[metric].name}`,
    "lost / repeated / reordered / changed",
  ];
  const rows = contenders.map((contender) => {
    const runs = runsOf(data, name, contender);
    const ratio =
      contender === "scc" ? undefined : ratioOf(data, name, contender as PeerName, METRICS[metric]);
    const values = columns.map(({ which }) => spread(costOf(runs, METRICS[which])));
    return [contender, String(runs.length), ...values, spread(ratio), faults(runs)];
  });
  return table(titles, rows);
}

/** Which process has used what. */
function shares(data: Data, scenario: string, contenders: readonly ContenderName[]): string {
  const rows = contenders.flatMap((contender) => {
    const runs = runsOf(data, scenario, contender);
    const names = runs[0]?.processes.map(({ name }) => name) ?? [];
    return names.map((name) => {
      const cpu = (run: Measured): number =>
        run.processes.find((process) => process.name === name)?.cpuMs ?? 0;
      const per = (what: "delivered" | "published") =>
        spread(summaryOf(runs.map((run) => (cpu(run) * 1000) / run[what])));
      return [contender, name, per("delivered"), per("published")];
    });
  });
  return table(["", "process", "CPU per delivery (µs)", "CPU per message (µs)"], rows);
}

function faults(runs: readonly Measured[]): string {
  const sum = (what: "lost" | "duplicated" | "reordered" | "malformed"): number =>
    runs.reduce((total, run) => total + run[what], 0);
  return [sum("lost"), sum("duplicated"), sum("reordered"), sum("malformed")].join(" / ");
}

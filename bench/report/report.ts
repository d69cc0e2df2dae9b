import { PEERS } from "../contenders/peers.ts";
import { isFaultless } from "../measure/measured.ts";
import type { Line } from "../record/lines.ts";
import { describeMachine } from "../record/machine.ts";
import { chartsOf } from "./charts.ts";
import { comparisons } from "./comparisons.ts";
import { allRuns, type Data, dataOf, missingOf } from "./data.ts";
import { growth } from "./growth.ts";
import { paragraphs, table } from "./markdown.ts";
import { targetsTable } from "./targets-table.ts";

export interface Report {
  readonly markdown: string;
  /** SVG text by the name of the file, without its ending. */
  readonly charts: ReadonlyMap<string, string>;
}

/** Above this others were at work as well, in cores. */
const FOREIGN_CORES = 0.2;

const HOW = `Costs are CPU time, user and system, of all server processes in the window that is counted, divided by the
deliveries in it. A comparison runs ours and then the peer under the same load; ratios are made pair by pair, and what
is shown is their median with the lowest and the highest. A single server has a core of its own, and so has the
generator; a cluster shares all cores with it, so that only its CPU time says something. Latencies are from the
intended time of sending. Made by \`npm run bench\`; \`npm run bench -- --help\` says more.`;

/** The whole report, from nothing but results. */
export function reportOf(lines: readonly Line[]): Report {
  const data = dataOf(lines);
  const charts = chartsOf(data);
  const picture = (name: string): string | undefined =>
    charts.has(name) ? `![${name}](charts/${name}.svg)` : undefined;
  const bars = ["cpu", "latency", "connect", "idle", "cluster", "cluster-latency"].map(picture);
  const hasGrowth = data.growth.length > 0;
  const markdown = paragraphs([
    "# Benchmark",
    ...whereAndWhen(data),
    HOW,
    "## Targets",
    targetsTable(data),
    "What another generator measured, and what the misses are due to, stands in the notes at the end.",
    "## Peers",
    peersTable(data),
    data.comparisons.length === 0 ? undefined : "## Comparisons",
    ...bars,
    comparisons(data),
    hasGrowth ? "## Growth" : undefined,
    growth(data, picture),
    "## What went wrong",
    troubles(data),
  ]);
  return { markdown: `${markdown}\n`, charts };
}

function whereAndWhen({ machine, sessions, comparisons, growth, leftOut }: Data): (string | undefined)[] {
  if (machine === undefined) return ["Nothing has been measured yet."];
  const days = [...new Set(sessions.map(({ at }) => at.slice(0, 10)))];
  const commits = [...new Set(sessions.map(({ commit }) => commit ?? "unknown"))];
  const unpinned = sessions.some(({ pinned }) => !pinned);
  return [
    sessions.some(({ quick }) => quick)
      ? "**Quick runs: they show that everything works, not what it costs.**"
      : undefined,
    `Measured on ${days.join(", ")}: ${describeMachine(machine)}; commit ${commits.join(", ")}; ${comparisons.length} comparisons, ${growth.length} runs on growth.`,
    commits.length > 1 ? "**Several commits are put together here.**" : undefined,
    unpinned ? "Processes could not be bound to cores: server and generator share them." : undefined,
    leftOut > 0 ? `${leftOut} lines of other machines are left out.` : undefined,
  ];
}

function peersTable(data: Data): string {
  return table(
    ["", "what", "version"],
    PEERS.map(({ name, about }) => {
      const missing = missingOf(data, name);
      const versions =
        data.sessions.findLast(({ peers }) => (peers[name]?.length ?? 0) > 0)?.peers[name] ?? [];
      return [name, about, missing === undefined ? versions.join(", ") : `**missing**: ${missing}`];
    }),
  );
}

function troubles(data: Data): string {
  const faults = allRuns(data).filter(
    ({ measured }) => !isFaultless(measured) || Object.keys(measured.errors).length > 0,
  );
  const rows = faults.map(({ of, contender, measured }) => {
    const { lost, duplicated, reordered, malformed, errors } = measured;
    const said = Object.entries(errors).map(([error, count]) => `${error} (${count})`);
    return [of, contender, ...[lost, duplicated, reordered, malformed].map(String), said.join("; ")];
  });
  const disturbed = allRuns(data).filter(({ measured }) => measured.foreignCores > FOREIGN_CORES).length;
  return paragraphs([
    rows.length === 0
      ? "No run lost, repeated, reordered or changed anything."
      : table(["", "contender", "lost", "repeated", "reordered", "changed", "errors"], rows),
    disturbed === 0
      ? undefined
      : `In ${disturbed} of ${allRuns(data).length} runs other programs used more than ${FOREIGN_CORES} cores.`,
    data.failures.length === 0
      ? undefined
      : table(
          ["", "contender", "failed"],
          data.failures.map(({ of, contender, reason }) => [of, contender, reason]),
        ),
  ]);
}

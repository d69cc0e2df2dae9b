import { join } from "node:path";
import type { PeerName } from "./contenders/contender.ts";
import { type Installed, installPeers, uwsPreloadIn } from "./contenders/install.ts";
import { type Presence, presenceOf } from "./contenders/missing.ts";
import { PEERS } from "./contenders/peers.ts";
import { canPin } from "./launch/pin.ts";
import { endAll, runJob } from "./measure/run-job.ts";
import { type Options, readOptions } from "./options.ts";
import { commitOfThis } from "./record/commit.ts";
import type { Line, SessionLine } from "./record/lines.ts";
import { thisMachine } from "./record/machine.ts";
import { Store } from "./record/store.ts";
import { linesOf } from "./report/data.ts";
import { writeReport } from "./report/write.ts";
import { runSteps } from "./suite/run-steps.ts";
import { keyOf, type Step, scheduleOf, type Wanted } from "./suite/schedule.ts";
import { rowOf } from "./view/board.ts";
import { PlainView } from "./view/plain-view.ts";
import { TerminalView } from "./view/terminal-view.ts";
import type { View } from "./view/view.ts";

// The benchmark, from top to bottom: what is asked for, who is there, what is still to be measured, the report.

const STOPPED = 130;

const options = readOptions(process.argv.slice(2), process.env);
const view: View = process.stdout.isTTY
  ? new TerminalView(process.stdout)
  : new PlainView((text) => process.stdout.write(text));
const now = new Date().toISOString();
const store = Store.open(join(options.folder, "results"), options.afresh, now.slice(0, 10));
const stopping = new AbortController();

if (!options.reportOnly) {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      stopping.abort();
      endAll();
    });
  await measureAll(options);
}
view.say(`report: ${writeReport(options.folder, store.read())}`);
if (stopping.signal.aborted) {
  view.say("stopped; the same command continues");
  process.exitCode = STOPPED;
}

async function measureAll({
  scenarios,
  studies,
  pairs,
  repeats,
  against,
  quick,
  ...given
}: Options): Promise<void> {
  const asked = PEERS.filter(({ name }) => against.has(name));
  const installed = await installPeers(given.peers);
  const uwsPreload = given.uwsPreload ?? uwsPreloadIn(installed.folder);
  const presence = await presenceOf(asked, installed, uwsPreload);
  const isPresent = (peer: PeerName): boolean =>
    presence.has(peer) && presence.get(peer)?.missing === undefined;

  const session = sessionOf(presence, quick);
  const earlier = linesOf(store.read(), session.machine);
  const wanted = { scenarios, studies, pairs, repeats, isPresent };
  const steps = scheduleOf(wanted, earlier);
  announce(presence, installed, wanted, earlier);
  if (steps.length === 0) return;
  store.add(session);

  const lines: Line[] = [...earlier, session];
  const timesOf = (step: Step): number => (step.kind === "comparison" ? pairs : repeats);
  const { signal: stop } = stopping;
  await runSteps(
    steps,
    { quick, canPin: session.pinned, peers: installed.folder, uwsPreload, stop },
    {
      standing: (step, contender, standing) => view.standing(step, contender, standing),
      measured: (step, line) => {
        lines.push(line);
        store.add(line);
        view.measured(rowOf(step, lines, timesOf(step)));
      },
      failed: (step, line, kept) => {
        if (kept !== undefined) store.add(kept);
        store.add(line);
        view.failed(step, line.contender, line.reason);
      },
    },
    runJob,
  );
  view.end();
}

function announce(
  presence: ReadonlyMap<PeerName, Presence>,
  { folder }: Installed,
  wanted: Wanted,
  earlier: readonly Line[],
): void {
  view.say(`results: ${store.name}.jsonl in ${options.folder}, peers: ${folder}`);
  for (const [peer, { missing }] of presence)
    if (missing !== undefined) view.say(`${peer} is missing: ${missing}`);
  const all = new Map(scheduleOf(wanted, []).map((step) => [keyOf(step), step]));
  const rows = [...all.values()].map((step) =>
    rowOf(step, earlier, step.kind === "comparison" ? wanted.pairs : wanted.repeats),
  );
  view.begin(rows, scheduleOf(wanted, earlier).length);
}

function sessionOf(presence: ReadonlyMap<PeerName, Presence>, quick: boolean): SessionLine {
  const commit = commitOfThis();
  const missing = [...presence].flatMap(([peer, { missing }]) =>
    missing === undefined ? [] : [[peer, missing]],
  );
  return {
    kind: "session",
    at: now,
    machine: thisMachine(),
    ...(commit !== undefined && { commit }),
    pinned: canPin(),
    quick,
    peers: Object.fromEntries([...presence].map(([peer, { versions }]) => [peer, [...versions]])),
    missing: Object.fromEntries(missing),
  };
}

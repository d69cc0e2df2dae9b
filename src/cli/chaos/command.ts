import { fileURLToPath } from "node:url";
import { Command, InvalidArgumentError, Option } from "commander";
import type { ChaosFlags } from "./flags.ts";

const HELP = `
It starts a cluster on this machine for each run: scc-state, brokers and workers, each a process, with a proxy in
front of scc-state and of every broker, which can reset, cut, stall, delay and narrow connections, or swallow what
is sent on them. Official clients on all workers publish and are subscribed, to 200 channels; what was acknowledged
is followed to every subscription. Without a scenario all are run, which takes some 30 minutes for each run; --list
says what they are.

What is counted:
  lost           acknowledged to its publisher, and not delivered to a subscription that was acknowledged before
  doubled        delivered again
  reordered      behind a later one of its publisher, or not in the order in which another subscriber saw it
  rejected       publishes that failed, by the error's name; they may have been delivered all the same
  longest pause  nothing was heard on a channel for so long, though something was there to be heard

Another system: --system names a JSON file that says how its processes are started:
  {
    "name": "mine", "settle": 2000,
    "processes": [
      { "role": "state", "argv": ["node", "state.js"], "env": { "PORT": "{port}" }, "ready": { "tcp": true } },
      { "role": "broker", "argv": ["node", "broker.js", "{announcedHost}", "{announcedPort}"],
        "env": { "PORT": "{port}", "STATE": "{stateHost}:{statePort}" }, "ready": { "http": "/health-check" } },
      { "role": "worker", "argv": ["node", "worker.js"], "env": { "PORT": "{port}",
        "STATE": "{stateHost}:{statePort}" }, "ready": { "output": "ready" }, "cwd": "/srv/mine", "port": 8000 }
    ]
  }
A broker listens on {host}:{port}, and must tell the others to reach it at {announcedHost}:{announcedPort}. Signals
go to what argv starts: let it be the server itself.

With --out runs are added to a file, and those that it holds already are not made again: a long series can be
stopped (Ctrl-C) and goes on where it was. A system of ours gets the variables SCC_* and SOCKETCLUSTER_* of this
environment, so that its settings can be tried.

Exit codes: 0 nothing lost, doubled or reordered; 1 something was, or a run failed; 2 wrong usage; 130 stopped.

Examples:
  scc chaos --list                               what there is
  scc chaos kill-one                             one run
  scc chaos resets cut stall --rate 2000
  scc chaos --runs 10 --out results.jsonl        everything ten times, in as many goes as it takes
  scc chaos soak --duration 600 --out soak.jsonl
  scc chaos soak --seed 4711 --logs logs         the same faults as in a run before, with the processes' output
  scc chaos kill-one --system upstream.json --json`;

/** `scc chaos` */
export function chaosCommand(env: NodeJS.ProcessEnv): Command {
  const command = new Command("chaos")
    .description("Treats a cluster badly under traffic and counts what is lost, doubled and reordered.")
    .argument("[scenario...]", "what is done to it (default: everything)");
  for (const option of options()) command.addOption(option);
  return command.addHelpText("after", HELP).action(async (names: readonly string[], flags: ChaosFlags) => {
    const { runChaos } = await import("./run.ts");
    const entry = fileURLToPath(new URL("../main.js", import.meta.url));
    // Not left to the event loop: connections that do not end would hold it.
    process.exit(await runChaos(names, flags, { env, entry }));
  });
}

function options(): Option[] {
  const number = (flags: string, doc: string, least: number, most: number): Option =>
    new Option(flags, doc).argParser((text) => integer(text, least, most));
  return [
    number("--rate <count>", "messages a second, over all publishers", 1, 100_000).default(1000),
    number("--channels <count>", "channels that are published on, in turn", 1, 10_000).default(200),
    number("--brokers <count>", "brokers at first (default: the scenario's)", 1, 20),
    number("--workers <count>", "workers at first (default: 2)", 2, 20),
    number("--runs <count>", "runs of each scenario, those in --out counted", 1, 10_000).default(1),
    new Option("--out <file>", "add each run to this file, a JSON line for each, and go on where it stopped"),
    new Option("--system <file>", "how another system is started, JSON (default: ours)"),
    new Option(
      "--duration <seconds>",
      "how long faults go on, in scenarios that repeat them (default: resets 10, soak and soak-borne 600)",
    ).argParser(duration),
    number(
      "--seed <number>",
      "what soak draws its faults from (default: another one each time)",
      0,
      2 ** 32 - 1,
    ),
    new Option("--logs <directory>", "keep the output of all processes there, a directory for each run"),
    new Option("--list", "say what the scenarios are"),
    new Option("--json", "print one JSON object, and nothing else on standard output"),
  ];
}

function integer(text: string, least: number, most: number): number {
  const value = Number(text);
  if (text !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`Expected an integer from ${least} to ${most}.`);
}

/** Seconds as ms. */
function duration(text: string): number {
  const value = Number(text);
  if (value >= 1 && value <= 86_400) return value * 1000;
  throw new InvalidArgumentError("Expected seconds, 1 to 86400.");
}

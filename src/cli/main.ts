#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { type ErrorCode, SccError } from "../runtime/errors.ts";
import { visibleLines } from "../runtime/visible.ts";

/** Exit code 2: as it was called it cannot work, and trying again would not help. Any other failure is 1. */
const WRONGLY_CALLED: readonly ErrorCode[] = ["SCC_CONFIG", "SCC_CREATE", "SCC_MODULE"];

/** Every command, with the code behind it loaded only when it is asked for: `scc --help` stays quick. */
const COMMANDS = [
  {
    name: "up",
    summary: "start a whole cluster on this machine",
    load: async () => (await import("./up/command.ts")).upCommand(process.env),
  },
  {
    name: "state",
    summary: "run scc-state, which tells the members of a cluster about each other",
    load: async () => (await import("./state/command.ts")).stateCommand(process.env),
  },
  {
    name: "broker",
    summary: "run scc-broker, which carries channels between workers",
    load: async () => (await import("./broker/command.ts")).brokerCommand(process.env),
  },
  {
    name: "worker",
    summary: "run scc-worker, which clients connect to",
    load: async () => (await import("./worker/command.ts")).workerCommand(process.env),
  },
  {
    name: "health",
    summary: "ask a running service whether it is well",
    load: async () => (await import("./health/command.ts")).healthCommand(process.env),
  },
  {
    name: "top",
    summary: "show the cluster live, in the terminal",
    load: async () => (await import("./top/command.ts")).topCommand(process.env),
  },
  {
    name: "status",
    summary: "show the cluster as it is now, also as JSON",
    load: async () => (await import("./status/command.ts")).statusCommand(process.env),
  },
  {
    name: "bench",
    summary: "put a load on servers and measure what they deliver",
    load: async () => (await import("./bench/command.ts")).benchCommand(process.env),
  },
  {
    name: "chaos",
    summary: "treat a cluster badly and count what is lost",
    load: async () => (await import("./chaos/command.ts")).chaosCommand(process.env),
  },
  {
    name: "doctor",
    summary: "look at a running cluster and say what is wrong with it",
    load: async () => (await import("./doctor/command.ts")).doctorCommand(process.env),
  },
  {
    name: "sub",
    summary: "print what is published on channels",
    load: async () => (await import("./sub/command.ts")).subCommand(process.env),
  },
  {
    name: "pub",
    summary: "publish messages on a channel",
    load: async () => (await import("./pub/command.ts")).pubCommand(process.env),
  },
  {
    name: "token",
    summary: "make and inspect the tokens of clients",
    load: async () => (await import("./token/command.ts")).tokenCommand(process.env),
  },
  {
    name: "config",
    summary: "show the configuration that a service would have, and where it comes from",
    load: async () => (await import("./config/command.ts")).configCommand(process.env),
  },
  {
    name: "create",
    summary: "make a small application to start from",
    load: async () => (await import("./create/command.ts")).createCommand(),
  },
  {
    name: "completion",
    summary: "complete commands and flags in bash, zsh or fish",
    load: async () => (await import("./completion/command.ts")).completionCommand(() => program("all")),
  },
] as const;

const EXAMPLES = `
Examples:
  scc create my-app                            an application to start from
  scc up                                       a cluster to try out, on http://localhost:8000
  scc up app.js --workers 4                    the same with four workers that run your module
  scc state                                    each process by itself, as on real machines
  scc broker --state-server-host 10.0.0.7
  scc worker app.js --state-server-host 10.0.0.7
  scc worker app.js                            one worker alone, without a cluster
  scc sub news                                 print what is published on a channel
  scc pub news '"Hello"'                       publish there
  scc top                                      what the cluster does now
  scc bench --local                            what this machine can do
  scc chaos kill-one                           what is lost when a broker dies
  scc doctor --state-server-host 10.0.0.7      what is wrong with a cluster

What a command can be told, by flag or environment variable: scc help <command>`;

async function main(args: readonly string[]): Promise<void> {
  const wanted = args.filter((arg) => arg !== "help").find((arg) => !arg.startsWith("-"));
  const whole = await program(wanted);
  await whole.parseAsync(args, { from: "user" });
}

/** @param wanted the command whose code is loaded; "all": that of all */
async function program(wanted: string | undefined): Promise<Command> {
  const whole = new Command("scc")
    .description("Realtime pub/sub over any number of machines: SocketCluster, as one program.")
    .version(readVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "show this help")
    .helpCommand("help [command]", "show what a command does")
    .addHelpText("after", EXAMPLES)
    .configureOutput({ getOutHelpWidth: () => process.stdout.columns ?? 110 })
    .exitOverride();
  for (const { name, summary, load } of COMMANDS) {
    const command = name === wanted || wanted === "all" ? await load() : new Command(name);
    inherit(command.summary(summary), whole);
    whole.addCommand(command);
  }
  return whole;
}

/** How errors end the program is one thing for all commands, and those below them. */
function inherit(command: Command, parent: Command): void {
  command.copyInheritedSettings(parent);
  for (const below of command.commands) inherit(below, command);
}

function readVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/** Expected failures are told in a sentence; anything else is a bug, and its stack belongs in the report. */
function fail(error: unknown): never {
  // Commander has already said what it had to say.
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  const expected = error instanceof SccError;
  const bug = error instanceof Error ? error.stack : String(error);
  const text = expected ? error.message : bug;
  process.stderr.write(`${visibleLines(text ?? "")}\n`);
  process.exit(expected && WRONGLY_CALLED.includes(error.code) ? 2 : 1);
}

await main(process.argv.slice(2)).catch(fail);

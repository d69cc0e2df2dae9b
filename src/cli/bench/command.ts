import { fileURLToPath } from "node:url";
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { LEAST_PAYLOAD } from "../../tools/bench/measure/payload.ts";
import { ABOUT, SCENARIOS, type Scenario } from "../../tools/bench/scenarios.ts";
import type { BenchFlags } from "./flags.ts";

const HELP = `
Scenarios:
${SCENARIOS.map((scenario) => `  ${scenario.padEnd(10)} ${ABOUT[scenario]}`).join("\n")}

Every publication is followed to every subscriber: what is lost, repeated, out of order or changed is counted.
Latencies are from the time at which a publication was to be sent, so that a server which stalls is seen in
all that it held up. With --window the server sets the rate, which is how to find out how much it can do; for
latencies take --rate, well below that.

CPU and memory of the servers are shown with --local, and with --pid for servers on this machine. Give them
cores of their own where you can: what the generator takes they do not have. Where the generator's own CPU is
near to a whole core with --window, it is what is measured: give it more --generators.

Tokens: SOCKETCLUSTER_AUTH_KEY or --auth-key-file signs one for each connection; SCC_BENCH_TOKEN or
--token-file is a token that all of them show.

Ctrl-C ends a run early and shows what there was until then. Exit codes: 0 faultless, 1 something was lost,
repeated, reordered or changed, an error was met, or it could not be measured, 2 wrong usage, 130 stopped.

Examples:
  scc bench --local                                a worker of our own, one channel with 1000 subscribers
  scc bench many --local --workers 2 --brokers 1   a small cluster, 1000 channels
  scc bench --url ws://10.0.0.7:8000 --rate 50     latencies of a server at 50 publications a second
  scc bench cluster --url ws://a:8000 --url ws://b:8000
                                                   publish on a, subscribe on b
  scc bench connect --subscribers 20000 --pid 4711
  scc bench fanout --channels 4 --generators 4     a generator for each of four channels
  scc bench --protocol socketio --url ws://127.0.0.1:3000
                                                   a Socket.IO server that knows subscribe and publish
  scc bench many --json > many.json
  scc bench many --html many.html                  a page with charts`;

/** `scc bench` */
export function benchCommand(env: NodeJS.ProcessEnv): Command {
  const command = new Command("bench")
    .description("Puts a load on servers and measures what they deliver, how soon, and whether all of it.")
    .addArgument(new Argument("[scenario]", "the load").choices(SCENARIOS).default("fanout"));
  for (const option of options()) command.addOption(option);
  return command.addHelpText("after", HELP).action(async (scenario: Scenario, flags: BenchFlags) => {
    const { runBench } = await import("./run.ts");
    const entry = fileURLToPath(new URL("../main.js", import.meta.url));
    // Not left to the event loop: connections that do not end would hold it.
    process.exit(await runBench(scenario, flags, { env, entry }));
  });
}

function options(): Option[] {
  const number = (flags: string, doc: string, least: number, most: number): Option =>
    new Option(flags, doc).argParser((text) => integer(text, least, most));
  const seconds = (flags: string, doc: string): Option => new Option(flags, doc).argParser(duration);
  return [
    new Option(
      "--url <url>",
      "a server; give it again for each further one (default ws://localhost:8000)",
    ).argParser((url: string, urls: readonly string[] = []) => [...urls, webSocketUrl(url)]),
    new Option("--protocol <name>", "what the servers speak")
      .choices(["socketcluster", "socketio"])
      .default("socketcluster"),
    number("--subscribers <count>", "connections that are subscribed, to a channel each", 1, 1_000_000),
    number("--channels <count>", "channels", 1, 16_000_000),
    number("--publishers <count>", "connections that publish", 1, 200_000),
    number("--size <bytes>", "size of the data of a publication, JSON", LEAST_PAYLOAD, 16_777_216).default(
      128,
    ),
    new Option("--rate <count>", "open loop: publications per second, whatever the servers do")
      .argParser(positive)
      .conflicts("window"),
    number("--window <count>", "closed loop: publications on their way at a time", 1, 1_000_000),
    seconds("--duration <seconds>", "how long is measured (default 10)"),
    seconds("--warmup <seconds>", "how long is published before that (default 2)"),
    number("--connecting <count>", "connections that are made at a time", 1, 100_000).default(100),
    number("--generators <count>", "processes that make the load, each with its own channels", 1, 64).default(
      1,
    ),
    new Option("--prefix <text>", "in front of the channels' names (default: another one for each run)"),
    new Option(
      "--auth-key-file <file>",
      "key to sign a token for each connection with (SOCKETCLUSTER_AUTH_KEY)",
    ),
    new Option("--token-file <file>", "token that every connection shows (SCC_BENCH_TOKEN)"),
    new Option("--tls-ca-file <file>", "certificates to trust, PEM; absent: the system's (SCC_TLS_CA_FILE)"),
    new Option("--local", "start servers for this run, on free ports of this machine").conflicts("url"),
    number("--workers <count>", "with --local: number of workers (default 1; 2 for cluster)", 1, 100),
    number(
      "--brokers <count>",
      "with --local: number of brokers (default 0 with one worker, else 1)",
      0,
      100,
    ),
    new Option(
      "--pid <pid>",
      "a server's process, to show what it uses; give it again for each further one",
    ).argParser((pid: string, pids: readonly number[] = []) => [...pids, integer(pid, 1, 2 ** 31)]),
    new Option("--json", "print one JSON object, and nothing else"),
    new Option("--html <file>", "write a page with charts"),
  ];
}

function integer(text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new InvalidArgumentError(`Expected an integer from ${least} to ${most}.`);
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 10_000_000) return value;
  throw new InvalidArgumentError("Expected a number above 0, at most 10000000.");
}

/** Seconds as ms. */
function duration(text: string): number {
  const value = Number(text);
  if (text !== "" && value >= 0 && value <= 86_400) return value * 1000;
  throw new InvalidArgumentError("Expected seconds, 0 to 86400.");
}

function webSocketUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "ws:" || url?.protocol === "wss:") return text;
  throw new InvalidArgumentError(
    "Expected ws://host:port or wss://host:port, with a path where it is not usual.",
  );
}

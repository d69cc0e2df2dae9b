import { Command, InvalidArgumentError, Option } from "commander";
import { ConfigError } from "../../runtime/errors.ts";
import { type ClientFlags, clientOptions, count, targetOf } from "../client/flags.ts";

const HELP = `
Without a message, or with "-", each line of standard input is one. Messages are sent in their order, at most 100 of
them unacknowledged at a time; the end comes when all are acknowledged.

A token is given by SCC_TOKEN or --token-file, never in a flag, where every user of the machine could read it.

Exit codes: 0 every message was acknowledged; 1 one was rejected or is no JSON, or the server cannot be reached, or
ended the connection; 2 wrong usage; 130 stopped before the end.

Examples:
  scc pub news '{"title":"Hello"}'
  scc pub news --text Hello
  scc pub news --text Hello --count 100 --rate 10
  tail -f app.log | scc pub log --text            each line is a message
  scc sub in --json | jq -c --unbuffered .data | scc pub out`;

interface PubFlags extends ClientFlags {
  readonly count?: number;
  readonly rate?: number;
  readonly json?: boolean;
  readonly text?: boolean;
}

/** `scc pub <channel> [json|-]` */
export function pubCommand(env: NodeJS.ProcessEnv): Command {
  const command = new Command("pub")
    .description("Publishes messages on a channel.")
    .argument("<channel>", "channel to publish on")
    .argument("[message]", "data of the message, JSON; -: each line of standard input is a message");
  for (const option of clientOptions()) command.addOption(option);
  return command
    .addOption(
      new Option(
        "--count <count>",
        "publish the message so often; of standard input, so many lines at most",
      ).argParser(count(Number.MAX_SAFE_INTEGER)),
    )
    .addOption(
      new Option("--rate <count>", "messages per second (default: as fast as acknowledged)").argParser(rate),
    )
    .option("--text", "messages are texts, not JSON")
    .option("--json", 'print {"channel":...,"acknowledged":...,"rejected":...} at the end')
    .addHelpText("after", HELP)
    .action(async (channel: string, message: string | undefined, flags: PubFlags) => {
      process.exit(await publish(channel, message, flags, env));
    });
}

async function publish(
  channel: string,
  message: string | undefined,
  flags: PubFlags,
  env: NodeJS.ProcessEnv,
) {
  const [{ runPub }, { eachLine, repeated }, { stopOnSignals }] = await Promise.all([
    import("./run.ts"),
    import("./messages.ts"),
    import("../stop-on-signals.ts"),
  ]);
  const { text = false, json = false } = flags;
  const target = targetOf(flags, env);
  const { stdin, stdout, stderr } = process;
  const isStream = message === undefined || message === "-";
  if (message === undefined && stdin.isTTY)
    throw new ConfigError(["a message is missing: give it behind the channel, or - to type one a line"]);
  const messages = isStream ? eachLine(stdin.setEncoding("utf8"), text) : repeated(message, text);
  const most = flags.count ?? (isStream ? Infinity : 1);
  return await runPub(
    { target, channel, messages, rate: flags.rate, count: most, json },
    { stdout, stderr, stop: stopOnSignals() },
  );
}

function rate(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 1_000_000) return value;
  throw new InvalidArgumentError("Expected a number above 0, at most 1000000.");
}

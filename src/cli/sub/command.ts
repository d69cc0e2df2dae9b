import { Command, Option } from "commander";
import { type ClientFlags, clientOptions, count, targetOf } from "../client/flags.ts";

const HELP = `
Each message is a line: its data as JSON, behind the channel's name and a tab where there are several channels.
What is no message is said on standard error. A connection that ends is made again, and what was published until
then is missing.

A token is given by SCC_TOKEN or --token-file, never in a flag, where every user of the machine could read it.

Exit codes: 0 all that was wanted came, or stopped where no --count was given, or nobody reads the output any more;
1 the server cannot be reached, or refuses; 2 wrong usage; 130 stopped before --count messages came.

Examples:
  scc sub news                                    until Ctrl-C
  scc sub news sport --json | jq .data.title
  scc sub news --count 1 --text                   wait for one message
  SCC_TOKEN=$(scc token make '{"username":"ann"}') scc sub private --url wss://example.com`;

interface SubFlags extends ClientFlags {
  readonly count?: number;
  readonly json?: boolean;
  readonly text?: boolean;
}

/** `scc sub <channel>...` */
export function subCommand(env: NodeJS.ProcessEnv): Command {
  const command = new Command("sub")
    .description("Prints what is published on channels.")
    .argument("<channel...>", "channels to subscribe to");
  for (const option of clientOptions()) command.addOption(option);
  return command
    .addOption(
      new Option("--count <count>", "end after so many messages").argParser(count(Number.MAX_SAFE_INTEGER)),
    )
    .addOption(new Option("--text", "print texts as they are, not as JSON").conflicts("json"))
    .option("--json", 'print {"channel":...,"data":...}, one object per line')
    .addHelpText("after", HELP)
    .action(async (channels: readonly string[], flags: SubFlags) => {
      const [{ runSub }, { stopOnSignals }] = await Promise.all([
        import("./run.ts"),
        import("../stop-on-signals.ts"),
      ]);
      const { json = false, text = false } = flags;
      const wanted = { target: targetOf(flags, env), channels: [...new Set(channels)], json, text };
      const { stdout, stderr } = process;
      const code = await runSub(
        { ...wanted, count: flags.count },
        { env, stdout, stderr, stop: stopOnSignals() },
      );
      // Not left to the event loop: a connection that does not end would hold it.
      process.exit(code);
    });
}

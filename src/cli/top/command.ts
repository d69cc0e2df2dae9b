import { Command } from "commander";
import { type StateFlags, stateOptions } from "../status/flags.ts";

const HELP = `
A table that is drawn anew every second; q or Ctrl-C quits. Where the output is no terminal it is printed once,
without colours. The key of the cluster comes from SCC_AUTH_KEY; NO_COLOR turns colours off.

HOLDS: channels of a broker, clients of a worker. PER S: messages of a broker, deliveries of a worker.

Exit codes: 0 it was shown, 1 scc-state could not be looked at, 2 wrong usage, 77 the key is missing or wrong.

Examples:
  scc top                                 the cluster on this machine
  scc top --state-server-host 10.0.0.7
  scc top --url wss://state.example.com
  scc top | head -3                       one snapshot`;

/** `scc top` */
export function topCommand(env: NodeJS.ProcessEnv): Command {
  const command = new Command("top").description("Shows the cluster live: its processes and what they do.");
  for (const option of stateOptions()) command.addOption(option);
  return command.addHelpText("after", HELP).action(async (flags: StateFlags) => {
    const { runTop } = await import("./run.ts");
    process.exit(await runTop(flags, env));
  });
}

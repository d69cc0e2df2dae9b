import { Command } from "commander";
import { stateOptions } from "./flags.ts";
import type { StatusFlags } from "./run.ts";

const HELP = `
It looks for about two seconds, so that rates are known. The key of the cluster comes from SCC_AUTH_KEY.

Exit codes: 0 the ring has settled and all members are well, 1 scc-state could not be looked at, 2 wrong usage,
3 the cluster is not as it should be, 77 the key is missing or wrong.

Examples:
  scc status                                       the cluster on this machine
  scc status --url wss://state.example.com --json  for a program
  scc status --json | jq .totals
  until scc status > /dev/null; do sleep 1; done   wait until all is well`;

/** `scc status` */
export function statusCommand(env: NodeJS.ProcessEnv): Command {
  const command = new Command("status").description("Shows the cluster as it is now: ring, members, rates.");
  for (const option of stateOptions()) command.addOption(option);
  command.option("--json", "print one JSON object, and nothing else");
  return command.addHelpText("after", HELP).action(async (flags: StatusFlags) => {
    const { runStatus } = await import("./run.ts");
    process.exit(await runStatus(flags, env));
  });
}

import type { Command } from "commander";
import { stateSettings } from "../../state/config.ts";
import { serviceCommand } from "../service-command.ts";

/** `scc state` */
export function stateCommand(env: NodeJS.ProcessEnv): Command {
  return serviceCommand({
    name: "state",
    description:
      "Runs scc-state: brokers and workers join the cluster through it, and learn from it who else is there. " +
      "There is one in a cluster. Messages do not pass through it: while it is away, the cluster goes on.",
    settings: stateSettings,
    env,
    examples: [
      "scc state                                  listen on port 7777",
      "SCC_STATE_SERVER_PORT=7000 scc state       on another port",
      "SCC_AUTH_KEY=secret scc state              let in only members that know the key",
    ],
    run: async (flags) => (await import("../../state/main.ts")).runState(env, flags),
  });
}

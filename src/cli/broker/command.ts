import type { Command } from "commander";
import { brokerSettings } from "../../broker/config.ts";
import { serviceCommand } from "../service-command.ts";

/** `scc broker` */
export function brokerCommand(env: NodeJS.ProcessEnv): Command {
  return serviceCommand({
    name: "broker",
    description:
      "Runs scc-broker: every channel belongs to one of the cluster's brokers, which puts its messages in order " +
      "and hands them to the workers that have subscribers. Start as many as you like.",
    settings: brokerSettings,
    env,
    examples: [
      "SCC_STATE_SERVER_HOST=10.0.0.7 scc broker                              join the cluster of that scc-state",
      "scc broker --state-server-host 127.0.0.1 --broker-server-port 8889     a second one on the same machine",
    ],
    run: async (flags) => (await import("../../broker/main.ts")).runBroker(env, flags),
  });
}

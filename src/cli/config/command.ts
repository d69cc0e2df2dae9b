import { Command } from "commander";
import type { Flags, Settings } from "../../runtime/config/config.ts";
import { SERVICES } from "../known-variables.ts";
import { SettingFlags } from "../setting-flags.ts";

const HELP = `
A star marks what is not the default, and the last column where it comes from: a flag wins over an environment variable,
that over the configuration file, that over the default. Secrets are masked, in --json too.

Exit codes: 0 the services would start with it, 2 they would not; what is wrong is said on standard error.

Examples:
  scc config                                   of all services, as this environment has it
  scc config worker                            of one
  scc config worker --config worker.yaml       with that file
  scc config broker --json | jq '.broker[] | select(.source != "default")'`;

/** `scc config [state|broker|worker]` */
export function configCommand(env: NodeJS.ProcessEnv): Command {
  const command = new Command("config")
    .description("Shows the configuration that services would have, and where each value comes from.")
    .option("--json", 'print one JSON object: {"worker":[{"variable":...,"value":...,"source":...}]}')
    .addHelpText("after", HELP)
    .action(() => show([...SERVICES.keys()], {}, command.opts(), env));
  for (const [name, settings] of SERVICES) command.addCommand(serviceConfig(name, settings, env));
  return command;
}

function serviceConfig(name: string, settings: Settings, env: NodeJS.ProcessEnv): Command {
  const flags = new SettingFlags(settings);
  const command = new Command(name)
    .description(`Shows the configuration that scc ${name} would have with the same flags.`)
    .option("--json", "print one JSON object");
  flags.addTo(command);
  return command.action(() => show([name], flags.of(command), command.optsWithGlobals(), env));
}

async function show(
  names: readonly string[],
  flags: Flags,
  how: { readonly json?: boolean },
  env: NodeJS.ProcessEnv,
) {
  const { runConfig } = await import("./run.ts");
  const { stdout, stderr } = process;
  await runConfig(names, flags, how, { env, stdout, stderr });
}

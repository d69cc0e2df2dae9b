import cluster from "node:cluster";
import { Command } from "commander";
import { type Flags, readConfig, type Settings } from "../runtime/config/config.ts";
import { unknownVariables } from "../runtime/config/unknown-variables.ts";
import { createLogger } from "../runtime/log.ts";
import { SettingFlags } from "./setting-flags.ts";

export interface ServiceCommand {
  readonly name: string;
  readonly description: string;
  readonly settings: Settings;
  readonly env: NodeJS.ProcessEnv;
  /** Command lines that show how it is used, each with a word on what it does. */
  readonly examples: readonly string[];
  /** Becomes the service; resolves when it runs. */
  readonly run: (flags: Flags, argument: string | undefined) => Promise<void>;
  /** What may stand behind the command besides flags. */
  readonly argument?: { readonly name: string; readonly doc: string };
}

/** A command that becomes one of the services. Each of its settings is a flag and a variable. */
export function serviceCommand(definition: ServiceCommand): Command {
  const { name, description, settings, examples, argument } = definition;
  const command = new Command(name).description(
    `${description}\n\nEvery flag has an environment variable of the same meaning; the flag wins. What is said by neither can stand in a configuration file (--config).`,
  );
  if (argument !== undefined) command.argument(`[${argument.name}]`, argument.doc);
  const flags = new SettingFlags(settings);
  flags.addTo(command);
  command.addHelpText("after", `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}`);

  command.action(async () => {
    const given = flags.of(command);
    await warnOfUnknownVariables(definition, given);
    await untilParentIsGone(() => definition.run(given, command.args[0]));
  });
  return command;
}

/**
 * Points out variables that nothing reads, as those that are mistyped.
 *
 * @throws {ConfigError} if the configuration cannot work: what is wrong comes before what is only doubtful
 */
async function warnOfUnknownVariables({ name, settings, env }: ServiceCommand, flags: Flags): Promise<void> {
  // A worker's processes have the environment of the primary, which has said it.
  if (!cluster.isPrimary) return;
  const { KNOWN_VARIABLES } = await import("./known-variables.ts");
  const unknown = unknownVariables(env, KNOWN_VARIABLES);
  if (unknown.length === 0) return;
  const { port, logLevel } = readConfig(settings, env, flags);
  const log = createLogger(`scc-${name}`, String(port), Number(logLevel));
  for (const { name: variable, nearest } of unknown)
    log.warn("a variable is unknown and has no effect", { variable, ...(nearest && { nearest }) });
}

/**
 * A service that `scc up` has started ends with it. Once it runs it sees to that itself; this covers the
 * time until then, when a user's module may keep it waiting for long.
 */
async function untilParentIsGone(start: () => Promise<void>): Promise<void> {
  if (process.channel === undefined) return start();
  const orphaned = (): never => process.exit(1);
  process.once("disconnect", orphaned);
  await start();
  process.off("disconnect", orphaned);
  // The service would have been told by the event, had it listened in time.
  if (!process.connected) process.exit(1);
}

import { Command, Option } from "commander";
import { type Flags, flagOf, type Setting, type Settings } from "../runtime/config.ts";

export interface ServiceCommand {
  readonly name: string;
  readonly description: string;
  readonly settings: Settings;
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
    `${description}\n\nEvery flag has an environment variable of the same meaning; the flag wins.`,
  );
  if (argument !== undefined) command.argument(`[${argument.name}]`, argument.doc);
  const options = Object.entries(settings).map(([key, setting]) => ({ key, option: optionFor(setting) }));
  for (const { option } of options) command.addOption(option);
  command.addHelpText("after", `\nExamples:\n${examples.map((example) => `  ${example}`).join("\n")}`);

  command.action(async () => {
    const given: Readonly<Record<string, string | true | undefined>> = command.opts();
    const flags = Object.fromEntries(
      options.map(({ key, option }) => {
        const value = given[option.attributeName()];
        return [key, value === true ? "1" : value];
      }),
    );
    await untilParentIsGone(() => definition.run(flags, command.args[0]));
  });
  return command;
}

function optionFor(setting: Setting<unknown>): Option {
  const { env, doc, fallback } = setting;
  const facts = [env, ...(isShown(fallback) ? [`default ${shown(fallback)}`] : [])];
  if (!("fallback" in setting)) facts.push("required");
  const value = typeof fallback === "boolean" ? "[value]" : "<value>";
  // A default of Commander's would look like a flag and win over the variable.
  return new Option(`${flagOf(setting)} ${value}`, `${doc} (${facts.join("; ")})`);
}

function isShown(fallback: unknown): boolean {
  return fallback !== undefined && shown(fallback) !== "{}";
}

function shown(fallback: unknown): string {
  return typeof fallback === "object" ? JSON.stringify(fallback) : String(fallback);
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

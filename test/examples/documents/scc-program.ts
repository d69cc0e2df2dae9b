import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Command, CommanderError } from "commander";
import { KNOWN_VARIABLES, SERVICES } from "../../../src/cli/known-variables.ts";
import { SettingFlags } from "../../../src/cli/setting-flags.ts";
import { readConfig } from "../../../src/runtime/config/config.ts";
import type { Environment } from "../../../src/runtime/config/setting.ts";
import { ConfigError } from "../../../src/runtime/errors.ts";
import { REPOSITORY } from "../../support/package.ts";

/** Has a folder for each command. */
const COMMANDS = join(REPOSITORY, "src/cli");

type MakeCommand = (env: NodeJS.ProcessEnv) => Command;

/** The functions that make the commands, as src/cli/main.ts loads them. */
async function makers(): Promise<MakeCommand[]> {
  const files = readdirSync(COMMANDS, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith("/command.ts"),
  );
  const modules = await Promise.all(files.map((file) => import(pathToFileURL(join(COMMANDS, file)).href)));
  return modules.flatMap((module) => {
    const found = Object.entries(module).filter(([name]) => name.endsWith("Command"));
    return found.map(([, make]) => make as MakeCommand);
  });
}

/** The real command line; its commands do nothing but look at what they are given. */
async function program(env: Environment): Promise<Command> {
  const whole = new Command("scc").version("0").helpCommand("help [command]");
  for (const make of await makers()) whole.addCommand(make({}));
  quiet(whole);
  for (const [name, settings] of SERVICES) {
    const command = whole.commands.find((each) => each.name() === name);
    command?.action(() => void readConfig(settings, env, new SettingFlags(settings).of(command)));
  }
  return whole;
}

function quiet(command: Command): void {
  for (const below of command.commands) quiet(below);
  command
    .exitOverride()
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
    .action(() => {});
}

/**
 * What is wrong with a call of `scc`: commands, flags, arguments and values that its definition does not know; for a
 * service also what its settings do not allow.
 *
 * @param args what stands behind `scc`
 */
export async function problemOfScc(
  args: readonly string[],
  env: Environment = {},
): Promise<string | undefined> {
  const unknown = Object.keys(env).find(
    (name) => /^(SCC|SOCKETCLUSTER)_/.test(name) && !KNOWN_VARIABLES.has(name),
  );
  if (unknown !== undefined) return `${unknown}: no such variable`;
  const whole = await program(env);
  const name = args[0] === "help" ? args[1] : args[0];
  // Commander would show help, and be content, where an unknown command has --help behind it.
  if (name !== undefined && !name.startsWith("-") && !whole.commands.some((each) => each.name() === name))
    return `there is no command ${name}`;
  try {
    await whole.parseAsync(args, { from: "user" });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? undefined : error.message;
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

/** Whether a command has this flag, `--json`. */
export async function isFlag(flag: string): Promise<boolean> {
  const options = (command: Command): string[] => [
    ...command.options.flatMap(({ long }) => long ?? []),
    ...command.commands.flatMap(options),
  ];
  return ["--help", ...options(await program({}))].includes(flag);
}

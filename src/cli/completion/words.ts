import type { Command, Option } from "commander";

/** A flag, as a shell offers it. */
export interface FlagWord {
  readonly long: string;
  readonly doc: string;
  /** Undefined: it takes no value. */
  readonly value: { readonly choices: readonly string[]; readonly isFile: boolean } | undefined;
}

/** A command, as a shell offers it: `scc token make` is `["token", "make"]`. */
export interface CommandWord {
  readonly path: readonly string[];
  readonly doc: string;
  readonly flags: readonly FlagWord[];
  /** What may stand behind it besides flags: words of its own, commands below it among them. */
  readonly words: readonly string[];
  /** Whether it takes a file, such as a module. */
  readonly takesFile: boolean;
}

const FILE = /<(file|directory|package)>/;
const FILE_ARGUMENT = /^(module|directory|file)$/;

/** All commands below one, itself first. */
export function wordsOf(command: Command, path: readonly string[] = []): CommandWord[] {
  const below = command.commands.flatMap((each) => wordsOf(each, [...path, each.name()]));
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const own: CommandWord = {
    path,
    doc: oneSentence(command.summary() || command.description()),
    flags: [...command.options.filter(({ long, hidden }) => long && !hidden).map(flagOf), HELP],
    words: [...command.commands.map((each) => each.name()), ...choices],
    takesFile: command.registeredArguments.some((argument) => FILE_ARGUMENT.test(argument.name())),
  };
  return [own, ...below];
}

const HELP: FlagWord = { long: "--help", doc: "show help", value: undefined };

function flagOf(option: Option): FlagWord {
  const takesValue = option.required || option.optional;
  return {
    long: option.long ?? "",
    doc: oneSentence(option.description),
    value: takesValue
      ? {
          choices: option.argChoices ?? [],
          isFile: FILE.test(option.flags) || /-file$/.test(option.long ?? ""),
        }
      : undefined,
  };
}

/** Shells show a line. */
function oneSentence(text: string): string {
  return (text.split(/\n|(?<=[.;]) /)[0] ?? "").replace(/[.;:]$/, "").slice(0, 100);
}

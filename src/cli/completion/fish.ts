import type { CommandWord, FlagWord } from "./words.ts";

/** A script for fish: `scc completion fish | source`. */
export function fishScript(commands: readonly CommandWord[]): string {
  return `# Completion of scc for fish. Made by: scc completion fish
function __scc_at
  # Whether the words before the cursor that are no flags begin with these, and none of the given ones comes next.
  set -l words (commandline -opc | string match -v -- '-*')
  set -e words[1]
  test "$words[1..(count $argv)]" = "$argv"
end
function __scc_start
  set -l words (commandline -opc | string match -v -- '-*')
  test (count $words) -le 1
end
complete -c scc -f
${commands.flatMap(linesOf).join("\n")}
`;
}

function linesOf(command: CommandWord): string[] {
  const { path, words, flags, takesFile } = command;
  const condition = path.length === 0 ? "__scc_start" : `__scc_at ${path.join(" ")}`;
  const at = `complete -c scc -n ${quoted(condition)}`;
  return [
    ...words.map((word) => `${at} -a ${quoted(word)}`),
    ...flags.map((flag) => `${at} ${flagOf(flag)}`),
    ...(takesFile ? [`${at} -F`] : []),
  ];
}

function flagOf({ long, doc, value }: FlagWord): string {
  const takes =
    value === undefined
      ? ""
      : value.isFile
        ? " -r -F"
        : ` -x${value.choices.length > 0 ? ` -a ${quoted(value.choices.join(" "))}` : ""}`;
  return `-l ${long.slice(2)}${takes} -d ${quoted(doc)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

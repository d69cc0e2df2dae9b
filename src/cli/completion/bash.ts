import type { CommandWord } from "./words.ts";

/** A script for bash: `source <(scc completion bash)`. */
export function bashScript(commands: readonly CommandWord[]): string {
  return `# Completion of scc for bash. Made by: scc completion bash
_scc() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="" path="" word
  [ "$COMP_CWORD" -gt 0 ] && previous="\${COMP_WORDS[COMP_CWORD-1]}"
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
${commands.filter(isBelow).map(step).join("\n")}
    esac
  done
  case "$path $previous" in
${commands.flatMap(values).join("\n")}
  esac
  case "$path" in
${commands.map(offers).join("\n")}
  esac
}
complete -o default -F _scc scc
`;
}

const isBelow = ({ path }: CommandWord): boolean => path.length > 0;

/** The path grows word by word: " token" and then " token make". */
function pathOf(path: readonly string[]): string {
  return path.map((word) => ` ${word}`).join("");
}

function step({ path }: CommandWord): string {
  return `      "${pathOf(path)}") path="${pathOf(path)}" ;;`;
}

/** Behind a flag with a value only that value is offered; what is no choice and no file, the shell does not know. */
function values({ path, flags }: CommandWord): string[] {
  return flags.flatMap(({ long, value }) => {
    if (value === undefined) return [];
    const offer = value.isFile
      ? 'COMPREPLY=($(compgen -f -- "$current"))'
      : `COMPREPLY=($(compgen -W "${value.choices.join(" ")}" -- "$current")); compopt +o default`;
    return [`    "${pathOf(path)} ${long}") ${offer}; return ;;`];
  });
}

function offers({ path, flags, words, takesFile }: CommandWord): string {
  const all = [...words, ...flags.map(({ long }) => long)].join(" ");
  const files = takesFile ? ' COMPREPLY+=($(compgen -f -- "$current"))' : "";
  return `    "${pathOf(path)}") COMPREPLY=($(compgen -W "${all}" -- "$current"))${files} ;;`;
}

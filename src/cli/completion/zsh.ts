import type { CommandWord, FlagWord } from "./words.ts";

/** A script for zsh: `source <(scc completion zsh)`, or a file `_scc` in a directory of `fpath`. */
export function zshScript(commands: readonly CommandWord[]): string {
  return `#compdef scc
# Completion of scc for zsh. Made by: scc completion zsh
_scc() {
  local at="" word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
${commands
  .filter(({ path }) => path.length > 0)
  .map(step)
  .join("\n")}
    esac
  done
  case "$at" in
${commands.map((command) => offers(command)).join("\n")}
  esac
}
if [ "$funcstack[1]" = "_scc" ]; then _scc "$@"; else compdef _scc scc; fi
`;
}

function pathOf(path: readonly string[]): string {
  return path.map((word) => ` ${word}`).join("");
}

function step({ path }: CommandWord): string {
  return `      "${pathOf(path)}") at="${pathOf(path)}" ;;`;
}

function offers({ path, flags, words, takesFile }: CommandWord): string {
  const rest = takesFile ? "_files" : words.length > 0 ? `(${words.join(" ")})` : "";
  const specs = [...flags.map(specOf), ...(rest === "" ? [] : [`'*:argument:${rest}'`])];
  return `    "${pathOf(path)}") _arguments ${specs.join(" ")} ;;`;
}

function specOf({ long, doc, value }: FlagWord): string {
  const text = doc.replace(/[[\]\\:']/g, " ");
  if (value === undefined) return `'${long}[${text}]'`;
  const what = value.isFile ? "_files" : value.choices.length > 0 ? `(${value.choices.join(" ")})` : " ";
  return `'${long}[${text}]:value:${what}'`;
}

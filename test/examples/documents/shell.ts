import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One command of a script, as a shell would start it. */
export interface ShellCommand {
  readonly words: readonly string[];
  /** What the script has set in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ShellScript {
  readonly commands: readonly ShellCommand[];
  /** What the shell itself complained of. */
  readonly complaints: string;
}

const FIELD = "\x1f";
const RECORD = "\x1e";
/** Between the variables and the words of a command. */
const HALF = "\x1d";
const OF_BASH = new Set(["PATH", "PWD", "OLDPWD", "SHLVL", "_"]);
const DEADLINE_MS = 20_000;

/** Nothing is found on this PATH, so that bash hands every command to its handler, which notes it and does nothing. */
const PRELUDE = `
exec 9>&1 >/dev/null
command_not_found_handle() {
  local noted= name
  for name in $(compgen -e); do noted+="$name=\${!name}${FIELD}"; done
  noted+="${HALF}$(printf '%s${FIELD}' "$@")${RECORD}"
  printf '%s' "$noted" >&9
}
source() { :; }
enable -n cd kill eval exec exit command builtin enable
`;

/** Has bash read a script. No command of it is started: each is noted with its words and its environment. */
export async function readScript(script: string): Promise<ShellScript> {
  const directory = mkdtempSync(join(tmpdir(), "scc-shell-"));
  try {
    const { output, complaints } = await bash(directory, `${PRELUDE}${standIns(script)}\n${script}`);
    const commands = output.split(RECORD).filter((record) => record !== "");
    return { commands: commands.map(commandOf), complaints };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What is called by its path is not looked up: bash would start it, were there no function of that name. */
function standIns(script: string): string {
  const paths = new Set(script.match(/(?<![^\s;&|(])[\w.~-]*\/[\w./-]+/g));
  return [...paths].map((path) => `function ${path} { command_not_found_handle ${path} "$@"; }`).join("\n");
}

function bash(directory: string, script: string): Promise<{ output: string; complaints: string }> {
  const options = { cwd: directory, env: { PATH: "/nonexistent" }, timeout: DEADLINE_MS };
  return new Promise((done, failed) => {
    execFile("/bin/bash", ["--noprofile", "--norc", "-c", script], options, (error, stdout, stderr) => {
      if (error?.killed) failed(new Error(`This script does not end:\n${script}`));
      else done({ output: stdout, complaints: stderr });
    });
  });
}

function commandOf(record: string): ShellCommand {
  const [variables = "", words = ""] = record.split(HALF);
  const set = variables.split(FIELD).map((each): [string, string] => {
    const at = each.indexOf("=");
    return [each.slice(0, at), each.slice(at + 1)];
  });
  return {
    env: Object.fromEntries(set.filter(([name]) => name !== "" && !OF_BASH.has(name))),
    words: words.split(FIELD).slice(0, -1),
  };
}

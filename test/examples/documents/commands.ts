import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseDocument } from "yaml";
import { KNOWN_VARIABLES } from "../../../src/cli/known-variables.ts";
import { MANIFESTS, read } from "../../kubernetes/objects.ts";
import { repositoryFiles } from "../../support/documents.ts";
import { REPOSITORY } from "../../support/package.ts";
import { problemOfScc } from "./scc-program.ts";
import { readScript, type ShellCommand } from "./shell.ts";

/** What is wrong with a call of a tool in a folder; undefined: nothing. */
type Check = (call: Call) => Promise<string | undefined> | string | undefined;

interface Call extends ShellCommand {
  /** What stands behind the command. */
  readonly args: readonly string[];
  /** The folder in which it is said, below the repository. */
  readonly folder: string;
}

/** Tools of the system: that they are there, and what they take, is not ours to say. */
const OF_THE_SYSTEM = ["head", "jq", "openssl", "sleep", "tail", "tr"];

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ["scc", ({ args, env }) => problemOfScc(args, env)],
  ["npm", npm],
  ["npx", npx],
  ["node", node],
  ["diff", ({ args, folder }) => firstMissing(folder, args)],
  ["kubectl", kubectl],
  ["helm", helm],
  ["docker", docker],
  ["podman", docker],
  ["podman-compose", (call) => compose(call)],
  ...OF_THE_SYSTEM.map((name): [string, Check] => [name, () => undefined]),
]);

/** Whether it is a command that is known here. */
export function isTool(name: string): boolean {
  return CHECKS.has(name);
}

/**
 * What is wrong with a script: what the shell does not understand, commands that nobody knows, and calls that cannot
 * work, as far as this repository knows what they are about.
 *
 * @param folder in which it is said; paths are looked for there
 */
export async function problemsOfScript(script: string, folder: string): Promise<string[]> {
  // What follows them would be read only where something fails, and here nothing does.
  if (/\|\||^\s*(if|case)\b/m.test(script)) return ["there are commands in it that may not be run"];
  const { commands, complaints } = await readScript(script);
  const problems = complaints === "" ? [] : [complaints.trim()];
  if (commands.length === 0) problems.push("there is no command in it");
  for (const command of commands) {
    const problem = await problemOf(command, folder);
    if (problem !== undefined) problems.push(`${command.words.join(" ")}: ${problem}`);
  }
  return problems;
}

async function problemOf({ words, env }: ShellCommand, folder: string): Promise<string | undefined> {
  const [tool = "", ...args] = words;
  if (tool.includes("/")) return executable(join(REPOSITORY, folder, tool));
  const check = CHECKS.get(tool);
  if (check === undefined) return "no test knows this command";
  return (await check({ words, args, env, folder })) ?? undeclared(env, folder);
}

/** Variables are settings of ours, or stand in the sources beside the document. */
function undeclared(env: ShellCommand["env"], folder: string): string | undefined {
  const sources = folder === "" ? ["src", "test"] : [folder];
  const unread = Object.keys(env).find((name) => !KNOWN_VARIABLES.has(name) && !isNamedIn(sources, name));
  return unread === undefined ? undefined : `nothing reads ${unread}`;
}

/** Whether a word occurs in a source below one of some folders of the repository. */
export function isNamedIn(folders: readonly string[], word: string): boolean {
  const pattern = new RegExp(`(?<![\\w$-])${word}(?![\\w$-])`);
  return folders.some((folder) => sourcesBelow(folder).some((text) => pattern.test(text)));
}

const texts = new Map<string, readonly string[]>();

function sourcesBelow(folder: string): readonly string[] {
  const known = texts.get(folder);
  if (known !== undefined) return known;
  const found = repositoryFiles()
    .filter((file) => file.startsWith(`${folder}/`) && /\.(ts|js|mjs|cjs|sh|yaml)$/.test(file))
    // What is said here of documents would make true what they say.
    .filter((file) => !/^test\/examples\/[\w-]+\.test\.ts$/.test(file))
    .map(read);
  texts.set(folder, found);
  return found;
}

function executable(path: string): string | undefined {
  if (!existsSync(path)) return "there is no such file";
  return (statSync(path).mode & 0o111) === 0 ? "it is not executable" : undefined;
}

function firstMissing(folder: string, paths: readonly string[]): string | undefined {
  const missing = paths.find((path) => !existsSync(join(REPOSITORY, folder, path)));
  return missing === undefined ? undefined : `there is no ${missing}`;
}

/** The package that a folder is in; the folder of our own is empty. */
export function packageOf(folder: string): {
  readonly folder: string;
  readonly scripts: Readonly<Record<string, string>>;
} {
  for (let each = folder; ; each = dirname(each)) {
    const file = join(REPOSITORY, each, "package.json");
    if (!existsSync(file)) continue;
    const { scripts = {} } = JSON.parse(readFileSync(file, "utf8")) as { scripts?: Record<string, string> };
    return { folder: each === "." ? "" : each, scripts };
  }
}

function npm({ args, folder }: Call): string | undefined {
  const [what = "", ...rest] = args;
  const packed = what === "install" && rest.length === 1 && rest[0]?.endsWith(`/${packageFile()}`);
  if (["ci", "install", "pack"].includes(what))
    return rest.length === 0 || packed ? undefined : `unexpected: ${rest.join(" ")}`;
  const { folder: home, scripts } = packageOf(folder);
  const [name = "", ...behind] = what === "run" ? rest : ["start", "test"].includes(what) ? args : [];
  const script = scripts[name];
  if (script === undefined) return `package.json has no script ${name || what}`;
  if (behind.length === 0) return undefined;
  if (behind[0] !== "--") return `arguments of a script stand behind --`;
  return flagsOfScript(join(REPOSITORY, home), script, behind.slice(1));
}

/** What `npm pack` makes of this repository. */
function packageFile(): string {
  const { name, version } = JSON.parse(read("package.json")) as { name: string; version: string };
  return `${name}-${version}.tgz`;
}

/** Flags have to stand in the sources of the program that a script starts. */
function flagsOfScript(home: string, script: string, args: readonly string[]): string | undefined {
  const [entry] = /[\w/.-]+\.(?:ts|sh)/.exec(script) ?? [];
  if (entry === undefined) return `what "${script}" takes is not known`;
  const text = readFileSync(join(home, entry), "utf8");
  if (entry.endsWith(".sh")) return flagsOfScript(home, /[\w/.-]+\.ts/.exec(text)?.[0] ?? "", args);
  const folder = join(home, dirname(entry));
  const sources = readdirSync(folder).filter((file) => file.endsWith(".ts"));
  const program = sources.map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
  const unknown = args.filter((arg) => arg.startsWith("--") && arg !== "--help");
  const missing = unknown.find((flag) => !new RegExp(`["'\`]${flag}[ "'\`]`).test(program));
  return missing === undefined ? undefined : `${entry} knows no ${missing}`;
}

function npx({ args, env, folder, words }: Call): Promise<string | undefined> | string | undefined {
  const [tool = "", ...rest] = args;
  if (tool === "scc") return CHECKS.get("scc")?.({ words, args: rest, env, folder });
  const { folder: home } = packageOf(folder);
  if (tool !== "vitest" || rest[0] !== "run") return "no test knows this command";
  return firstMissing(home, rest.slice(1));
}

function node({ args, env, folder, words }: Call): Promise<string | undefined> | string | undefined {
  const [file = "", ...rest] = args;
  if (file === "dist/cli/main.js" && rest.length > 0)
    return CHECKS.get("scc")?.({ words, args: rest, env, folder });
  return firstMissing(folder, [file.replace(/^dist\/(.*)\.js$/, "src/$1.ts")]);
}

const KINDS: ReadonlyMap<string, string> = new Map([
  ["deploy", "Deployment"],
  ["deployment", "Deployment"],
  ["service", "Service"],
]);

function kubectl({ args, env, folder }: Call): Promise<string | undefined> | string | undefined {
  const [verb = "", ...rest] = args;
  const dashes = rest.indexOf("--");
  const own = dashes === -1 ? rest : rest.slice(0, dashes);
  const files = own.flatMap((arg, index) => (["-f", "-k"].includes(own[index - 1] ?? "") ? [arg] : []));
  const objects = own.filter((arg) => !files.includes(arg) && /^[a-z]+\/[a-z-]+$/.test(arg));
  const unknown = objects.find((object) => {
    const [kind = "", name] = object.split("/");
    return !MANIFESTS.objects.some((one) => one.kind === KINDS.get(kind) && one.metadata.name === name);
  });
  if (unknown !== undefined) return `the manifests have no ${unknown}`;
  if (dashes !== -1) return problemOf({ words: rest.slice(dashes + 1), env }, folder);
  if (verb === "create" && rest[0] === "secret") return secret(rest.slice(1));
  if (files.length === 0 && objects.length === 0 && verb !== "drain") return "nothing in it can be checked";
  // What comes out of another command is read by the name of that.
  return firstMissing(
    folder,
    files.filter((file) => file !== "-"),
  );
}

/** What has kubectl print an object in place of making it. */
const PRINTED = ["--dry-run=client", "-o", "yaml"];

/** Secrets have the names, and keys have the names, under which manifests look for them. */
function secret([type = "", name = "", ...flags]: readonly string[]): string | undefined {
  const manifests = sourcesBelow("kubernetes").join("\n");
  const keys = flags.flatMap((flag) => /^--from-(?:file|literal)=([^=]+)=/.exec(flag)?.[1] ?? []);
  const missing = [name, ...keys].find(
    (each) => !new RegExp(`(key|name|secretName): ${each}$`, "m").test(manifests),
  );
  if (missing !== undefined) return `no manifest names ${missing}`;
  const known = type === "tls" ? /^--(cert|key)=/ : /^--from-(file|literal)=/;
  const odd = flags.find((flag) => !known.test(flag) && !PRINTED.includes(flag));
  return odd === undefined ? undefined : `a secret of the type ${type} takes no ${odd}`;
}

function helm({ args, folder }: Call): string | undefined {
  const [verb = "", , chart = "", ...rest] = args;
  if (!["install", "upgrade"].includes(verb)) return "no test knows this command";
  if (chart === "" || !existsSync(join(REPOSITORY, folder, chart, "Chart.yaml")))
    return `${chart} is no chart`;
  const values = rest.flatMap((arg, index) => (rest[index - 1] === "--set" ? arg.split("=", 1) : []));
  return values.map(problemOfValue).find((problem) => problem !== undefined);
}

/** The path of a value of the chart, `worker.drainMs`. */
export function problemOfValue(path: string): string | undefined {
  return parseDocument(read("chart/values.yaml")).hasIn(path.split("."))
    ? undefined
    : `the chart has no value ${path}`;
}

function docker(call: Call): Promise<string | undefined> | string | undefined {
  const { args, env, folder } = call;
  const [verb = "", ...rest] = args;
  if (verb === "compose") return compose({ ...call, args: rest });
  if (verb === "build") return firstMissing(folder, [join(rest.at(-1) ?? "", "Dockerfile")]);
  if (verb !== "run") return "no test knows this command";
  const given: Record<string, string> = {};
  let at = 0;
  for (; rest[at]?.startsWith("-"); at += 2) {
    if (!["-e", "-p"].includes(rest[at] ?? "")) return `no test knows ${rest[at]}`;
    const [name = "", value = ""] = (rest[at + 1] ?? "").split("=", 2);
    if (rest[at] === "-e") given[name] = value;
  }
  // The image starts scc; without an argument that is a worker.
  const behind = rest.slice(at + 1);
  return problemOfScc(behind.length === 0 ? ["worker"] : behind, { ...env, ...given });
}

function compose({ args, env, folder }: Call): string | undefined {
  const file = join(REPOSITORY, folder, "compose.yaml");
  if (!existsSync(file)) return "there is no compose.yaml";
  if (args[0] !== "up") return "no test knows this command";
  const text = readFileSync(file, "utf8");
  const unread = Object.keys(env).find((name) => !text.includes(`\${${name}`));
  return unread === undefined ? undefined : `compose.yaml does not read ${unread}`;
}

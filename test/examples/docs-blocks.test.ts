import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { KNOWN_VARIABLES, SERVICES } from "../../src/cli/known-variables.ts";
import { flagOf } from "../../src/runtime/config.ts";
import { DOCUMENTS, type FencedBlock, fencedBlocks } from "../support/documents.ts";
import { REPOSITORY } from "../support/package.ts";

const BLOCKS = DOCUMENTS.flatMap(fencedBlocks);
const PACKAGE = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8"));
const SCC = join(REPOSITORY, "dist/cli/main.js");

/** Programs that documents may call, beside ours; what npm runs is looked at. */
const PROGRAMS = new Set(["docker", "export", "jq", "openssl", "sleep", "source", "tail", "tr"]);
/** Commands of npm itself. */
const NPM = new Set(["ci", "test", "start"]);
/** What no setting reads: it is for our own tests. */
const TEST_VARIABLES = new Set(["SCC_TEST_WRITE", "SCC_TEST_PICTURES"]);

const helpOf = new Map<string, string>();

/** What the built command says of itself, and its flags with it. */
function help(command: string, below?: string): string {
  const key = `${command} ${below ?? ""}`;
  const known = helpOf.get(key);
  if (known !== undefined) return known;
  const args = [command, ...(below === undefined ? [] : [below]), "--help"];
  const { status, stdout } = spawnSync(process.execPath, [SCC, ...args], { encoding: "utf8" });
  const text = status === 0 ? stdout : "";
  helpOf.set(key, text);
  return text;
}

/** The words of a command line, quotes and comments taken away. */
function wordsOf(line: string): string[] {
  const words = line.match(/'[^']*'|"[^"]*"|#.*$|[^\s'"#][^\s]*/g) ?? [];
  return words.filter((word) => !word.startsWith("#")).map((word) => word.replace(/^['"]|['"]$/g, ""));
}

/** The commands of a line, between pipes, semicolons and the like. */
function commandsOf(line: string): string[][] {
  const bare = line.replace(/\s#.*$/, "").replace(/^#.*$/, "");
  const parts = bare.split(/\|\||&&|\||;|<\(|\)|\bdo\b|\bdone\b|\buntil\b| -- (?=scc )/);
  return parts.map(wordsOf).filter((words) => words.length > 0);
}

function problemsOfScc([command = "", ...args]: readonly string[]): string[] {
  const text = command === "" ? "" : help(command);
  if (text === "") return [`there is no command "scc ${command}"`];
  const below = text.includes("\nCommands:") ? args.find((arg) => !arg.startsWith("-")) : undefined;
  const ofBelow = below === undefined ? "" : help(command, below);
  if (below !== undefined && !ofBelow.startsWith(`Usage: scc ${command} ${below} `))
    return [`there is no command "scc ${command} ${below}"`];
  const flags = text + ofBelow;
  return args
    .filter((arg) => arg.startsWith("--"))
    .map((arg) => arg.split("=")[0] as string)
    .filter((flag) => !new RegExp(`(^|[\\s,])${flag}(?![\\w-])`).test(flags))
    .map((flag) => `"scc ${command}" has no flag ${flag}`);
}

function problemsOfNpm([command = "", script = ""]: readonly string[]): string[] {
  if (command === "run") return script in PACKAGE.scripts ? [] : [`there is no script "${script}"`];
  return NPM.has(command) ? [] : [`"npm ${command}" is not known here`];
}

function problemsOfPaths(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const deployment = /^deploy\/([\w-]+)$/.exec(word)?.[1];
    if (deployment !== undefined)
      return existsSync(join(REPOSITORY, `kubernetes/${deployment}-deployment.yaml`)) ? [] : [`no ${word}`];
    const isPath = /^[\w.-]+\/[\w./-]*$/.test(word) && !word.startsWith("registry.");
    return isPath && !existsSync(join(REPOSITORY, word)) ? [`there is no ${word}`] : [];
  });
}

function problemsOfCommand(given: readonly string[]): string[] {
  const words = [...given];
  const problems: string[] = [];
  while (/^[A-Z_]+=/.test(words[0] ?? "") || words[0] === "export") {
    const name = words.shift()?.split("=")[0] ?? "";
    if (name === "export" || KNOWN_VARIABLES.has(name) || TEST_VARIABLES.has(name)) continue;
    problems.push(`nothing reads ${name}`);
  }
  const [program, ...rest] = words;
  if (program === undefined) return problems;
  if (program === "scc") return [...problems, ...problemsOfScc(rest)];
  if (program === "docker" && rest[0] === "run") {
    const role = rest[rest.indexOf("sccluster") + 1];
    if (role === undefined || !SERVICES.has(role)) problems.push(`the image has no role ${role}`);
  }
  if (program === "npm") problems.push(...problemsOfNpm(rest));
  else if (program === ".ci/run") accessSync(join(REPOSITORY, program), constants.X_OK);
  else if (!["npx", "kubectl", "helm"].includes(program) && !PROGRAMS.has(program))
    problems.push(`"${program}" is not known here`);
  return [...problems, ...problemsOfPaths(rest)];
}

function problemsOfShell({ code }: FencedBlock): string[] {
  execFileSync("bash", ["-n"], { input: code });
  return code.split("\n").flatMap((line) => commandsOf(line).flatMap(problemsOfCommand));
}

/** A file of settings has only settings; other YAML is only read. */
function problemsOfYaml({ code }: FencedBlock): string[] {
  const value = parse(code) as Record<string, unknown>;
  const service = /^# (\w+)\.yaml$/m.exec(code)?.[1];
  const settings = SERVICES.get(service ?? "");
  if (settings === undefined) {
    const { resources = [] } = value as { resources?: string[] };
    return problemsOfPaths(resources.map((path) => path.replace(/^\.\.\//, "./")));
  }
  const names = Object.values(settings).flatMap((setting) => {
    const flag = flagOf(setting).replace(/^--/, "");
    return [flag, `${flag}-file`];
  });
  return Object.keys(value).filter((key) => !names.includes(key) && key !== "options");
}

function problemsOfDockerfile({ code }: FencedBlock): string[] {
  const role = /^CMD \["(\w+)"/m.exec(code)?.[1];
  const lines = code.trim().split("\n");
  const strange = lines.filter((line) => !/^(FROM|COPY|CMD|RUN|ENV|USER|WORKDIR) /.test(line));
  return [...strange, ...(role === undefined || SERVICES.has(role) ? [] : [`the image has no role ${role}`])];
}

/** What is added must be there: an entry of the package, or its present version. */
function problemsOfDiff({ code }: FencedBlock): string[] {
  const added = code.split("\n").filter((line) => line.startsWith("+"));
  return added.flatMap((line) => {
    const entry = /from "sccluster(\/[\w-]+)?"/.exec(line);
    if (entry) return `.${entry[1] ?? ""}` in PACKAGE.exports ? [] : [`the package has no ${entry[0]}`];
    const range = /npm:sccluster@\^(\d+\.\d+)\./.exec(line)?.[1];
    return range !== undefined && PACKAGE.version.startsWith(`${range}.`) ? [] : [`what is "${line}"?`];
  });
}

/** Output and drawings: what looks like a command belongs in a block of the shell. */
function problemsOfText({ code }: FencedBlock): string[] {
  return code.split("\n").filter((line) => /^(scc|npm|npx|kubectl|docker) /.test(line));
}

const CHECKS = new Map<string, (block: FencedBlock) => string[]>([
  ["sh", problemsOfShell],
  ["yaml", problemsOfYaml],
  ["dockerfile", problemsOfDockerfile],
  ["diff", problemsOfDiff],
  ["text", problemsOfText],
  ["json", ({ code }) => (JSON.parse(code) === undefined ? ["nothing"] : [])],
]);

/** By docs-code.test.ts, against the types of the package. */
const CHECKED_ELSEWHERE = new Set(["js", "js run", "ts"]);

describe("Every block in the documents", () => {
  beforeAll(() => expect(existsSync(SCC), "run `npm run build` first").toBe(true));

  it("is there to be checked", () => {
    expect(BLOCKS.length).toBeGreaterThan(80);
  });

  it.each(BLOCKS.filter(({ language }) => !CHECKED_ELSEWHERE.has(language)))(
    "is right: $place ($language)",
    (block) => {
      const check = CHECKS.get(block.language);
      if (check === undefined) expect.fail(`nobody checks the language "${block.language}"`);

      expect(check(block)).toEqual([]);
    },
    30_000,
  );
});

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { read } from "../../kubernetes/objects.ts";
import type { CodeBlock } from "../../support/documents.ts";
import { REPOSITORY } from "../../support/package.ts";
import { isTool, packageOf, problemsOfScript } from "./commands.ts";
import { problemOfScc } from "./scc-program.ts";
import { problemsOfYaml } from "./yaml-blocks.ts";

type Check = (block: CodeBlock) => Promise<readonly string[]> | readonly string[];

/** What each language of a block is checked by. Those of JavaScript are compiled, by docs-code.test.ts. */
const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  [
    "js",
    ({ details }) => (["", "run"].includes(details.join(" ")) ? [] : ['only "run" may stand behind js']),
  ],
  ["ts", ({ details }) => (details.length === 0 ? [] : ["nothing may stand behind ts"])],
  ["sh", ({ code, document }) => problemsOfScript(code, packageOf(dirname(document)).folder)],
  ["json", ({ code }) => problemsOfJson(code)],
  ["yaml", ({ code, details }) => problemsOfYaml(code, details)],
  ["diff", diff],
  ["dockerfile", dockerfile],
  ["text", text],
]);

/** What is wrong with a block, sentences; a language that nobody checks is wrong. */
export async function problemsOfBlock(block: CodeBlock): Promise<readonly string[]> {
  const check = CHECKS.get(block.language);
  if (check === undefined)
    return [
      `its language is ${block.language || "not said"}: it has to be one of ${[...CHECKS.keys()].join(", ")}`,
    ];
  return check(block);
}

/** What a diff makes: everything but the lines that it takes away. */
export function afterImage(code: string): string {
  return imageOf(code, "+");
}

function imageOf(code: string, sign: "+" | "-"): string {
  const lines = code.split("\n").filter((line) => line.startsWith(" ") || line.startsWith(sign));
  return lines.map((line) => line.slice(1)).join("\n");
}

/** One value, or one in each line. */
function problemsOfJson(code: string): string[] {
  const isJson = (each: string): boolean => {
    try {
      JSON.parse(each);
      return true;
    } catch {
      return false;
    }
  };
  if (isJson(code)) return [];
  return code
    .split("\n")
    .filter((line) => line.trim() !== "" && !isJson(line))
    .map((line) => `no JSON: ${line}`);
}

/** What the lines of a diff say of two files stands there: `diff js <before> <after>`. */
function diff({ code, details }: CodeBlock): string[] {
  const [language = "", ...files] = details;
  const images = [imageOf(code, "-"), imageOf(code, "+")];
  if (files.length !== 2 || !["js", "json"].includes(language))
    return ["it has to be: diff js|json <before> <after>"];
  return images.flatMap((image, index) => {
    const [file = "", content] = [files[index], read(files[index] ?? "")];
    if (language === "json")
      return problemsOfDependencies(image, content).map((problem) => `${file}: ${problem}`);
    const lines = image.split("\n").filter((line) => line !== "" && !content.split("\n").includes(line));
    return lines.map((line) => `${file} has no line: ${line}`);
  });
}

/** The same names; a version of ours is the one that there is. */
function problemsOfDependencies(image: string, content: string): string[] {
  const wanted: Record<string, string> = JSON.parse(`{${image}}`).dependencies;
  const there: Record<string, string> = JSON.parse(content).dependencies;
  const { version } = JSON.parse(read("package.json"));
  return Object.entries(wanted).flatMap(([name, range]) => {
    if (!(name in there)) return [`it has no ${name}`];
    return range.startsWith("npm:") && range !== `npm:sccluster@^${version}`
      ? [`${range} is not the version here`]
      : [];
  });
}

/** On top of our image: what it is from, for whom files are copied, and what scc is told. */
async function dockerfile({ code }: CodeBlock): Promise<string[]> {
  const ours = read("Dockerfile");
  const problems = code
    .trim()
    .split("\n")
    .map(async (line) => {
      const [, instruction, rest = ""] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
      const [, owner = ""] = /--chown=(\S+)/.exec(rest) ?? [];
      if (instruction === "FROM") return rest === "sccluster" ? undefined : "it is not from our image";
      if (instruction === "COPY")
        return ours.includes(`\nUSER ${owner}\n`) ? undefined : `the image's user is not ${owner}`;
      if (instruction === "CMD") return problemOfScc(JSON.parse(rest));
      return `no test knows this line: ${line}`;
    });
  return (await Promise.all(problems)).filter((problem) => problem !== undefined);
}

/** Drawings and output, not commands; folders and files in them are there. */
function text({ code, document }: CodeBlock): string[] {
  const lines = code.split("\n");
  const commands = lines.filter((line) => /^\s*\$ /.test(line) || isTool(line.trim().split(" ", 1)[0] ?? ""));
  const paths = code.match(/(?<![\w/:.-])[a-z][\w-]*\/[\w-]*(\.\w+)?(?![\w/])/g) ?? [];
  const places = [dirname(document), "src", "test", ""];
  const missing = paths.filter((path) => {
    const names = [path, `${path}.ts`];
    return !places.some((place) => names.some((name) => existsSync(join(REPOSITORY, place, name))));
  });
  return [
    ...commands.map((line) => `a command, whose language is sh: ${line}`),
    ...missing.map((path) => `there is no ${path}`),
  ];
}

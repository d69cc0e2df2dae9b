import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { SERVICES } from "../../../src/cli/known-variables.ts";
import { resolveConfig } from "../../../src/runtime/config/config-sources.ts";
import { type KubernetesObject, MANIFESTS, parseObjects, read } from "../../kubernetes/objects.ts";
import { problemsOf } from "../../kubernetes/schema.ts";
import { REPOSITORY } from "../../support/package.ts";
import { problemOfValue } from "./commands.ts";

const HELP =
  "what it is has to be said: yaml state|broker|worker, kustomization, values, from <file>, or into <file> <path>";

/** Not to be read, for what a test may read is not what a document speaks of. */
const FILE_OF_A_SECRET = /^(\S+-file: ).*$/gm;

/** @param details what stands behind the language: what it is part of. Without it they are objects of Kubernetes */
export function problemsOfYaml(code: string, details: readonly string[]): readonly string[] {
  const [what = "", file = "", path = ""] = details;
  const parsed = parse(code);
  if (SERVICES.has(what)) return problemsOfSettings(code, what);
  if (what === "kustomization") return problemsOfKustomization(code);
  if (what === "values") return pathsOf(parsed).flatMap((value) => problemOfValue(value) ?? []);
  if (what === "from")
    return unindented(read(file)).includes(unindented(code)) ? [] : [`it does not stand in ${file}`];
  if (what === "into") return problemsOfAddition(parsed, file, path.split("."));
  if (what !== "" || parsed?.kind === undefined) return [HELP];
  return parseObjects(code).flatMap(problemsOf);
}

/** A configuration file, as the service reads it. */
function problemsOfSettings(code: string, service: string): string[] {
  const directory = mkdtempSync(join(tmpdir(), "scc-yaml-"));
  try {
    const [file, secret] = [join(directory, "settings.yaml"), join(directory, "secret")];
    writeFileSync(secret, "a secret");
    writeFileSync(file, code.replaceAll(FILE_OF_A_SECRET, `$1${secret}`));
    const { settings, fileProblems } = resolveConfig(
      SERVICES.get(service) ?? {},
      { SCC_CONFIG_FILE: file },
      {},
    );
    return [...fileProblems, ...settings.flatMap(({ problem }) => problem ?? [])];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const kustomization = z.strictObject({
  resources: z.array(z.string()),
  components: z.array(z.string()).optional(),
  namespace: z.string().optional(),
  images: z
    .array(z.strictObject({ name: z.literal("sccluster"), newName: z.string(), newTag: z.string() }))
    .optional(),
  patches: z
    .array(
      z.strictObject({ target: z.strictObject({ kind: z.string(), name: z.string() }), patch: z.string() }),
    )
    .optional(),
});
const operations = z.array(
  z.strictObject({ op: z.literal("replace"), path: z.string(), value: z.unknown() }),
);

/** Its first line says where it stands: `# mine/kustomization.yaml`. */
function problemsOfKustomization(code: string): string[] {
  const { data, error } = kustomization.safeParse(parse(code));
  if (data === undefined) return [error?.message ?? ""];
  const [, place = ""] = /^# (\S+\.yaml)/.exec(code) ?? [];
  const missing = [...data.resources, ...(data.components ?? [])].filter(
    (resource) => !existsSync(join(REPOSITORY, dirname(place), resource)),
  );
  const patches = data.patches ?? [];
  return [
    ...missing.map((resource) => `there is no ${resource}`),
    ...patches.flatMap(({ target, patch }) => {
      const object = MANIFESTS.objects.find(
        ({ kind, metadata }) => `${kind} ${metadata.name}` === `${target.kind} ${target.name}`,
      );
      if (object === undefined) return [`the manifests have no ${target.kind} ${target.name}`];
      const paths = operations.parse(parse(patch)).map(({ path }) => path);
      return paths
        .filter((path) => at(object, path.split("/").slice(1)) === undefined)
        .map((path) => `there is no ${path}`);
    }),
  ];
}

/** Items of a list in an object of ours. */
function problemsOfAddition(items: unknown, file: string, path: readonly string[]): string[] {
  const object = parseObjects(read(file)).find((each) => Array.isArray(at(each, path)));
  if (object === undefined || !Array.isArray(items))
    return [`${file} has no list ${path.join(".")}, or it is no list`];
  const whole = structuredClone(object);
  (at(whole, path) as unknown[]).push(...items);
  return problemsOf(whole as KubernetesObject);
}

function at(object: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);
}

function pathsOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => [
    key,
    ...pathsOf(child).map((below) => `${key}.${below}`),
  ]);
}

function unindented(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .join("\n");
}

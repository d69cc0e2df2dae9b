import type { Flags } from "../../runtime/config/config.ts";
import { type Resolution, resolveConfig } from "../../runtime/config/config-sources.ts";
import { unknownVariables } from "../../runtime/config/unknown-variables.ts";
import { ConfigError } from "../../runtime/errors.ts";
import { visible } from "../../runtime/visible.ts";
import type { Env } from "../client/flags.ts";
import { hasColours, json, Output, type OutputStream } from "../client/output.ts";
import { KNOWN_VARIABLES, SERVICES } from "../known-variables.ts";
import { rowsOf, tableOf } from "./report.ts";

export interface ConfigWorld {
  readonly env: Env;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
}

/**
 * Prints the configuration that services would have.
 *
 * @param names of services; what is required may be missing where nobody asked for one of them by its name
 * @throws {ConfigError} if one of them would not start with it, when everything is printed
 */
export async function runConfig(
  names: readonly string[],
  flags: Flags,
  { json: asJson = false }: { readonly json?: boolean },
  { env, stdout, stderr }: ConfigWorld,
): Promise<void> {
  const output = new Output(stdout);
  const found = names.map((name) => ({ name, ...resolveConfig(SERVICES.get(name) ?? {}, env, flags) }));
  const tables = found.map((each) => ({ name: each.name, rows: rowsOf(each) }));
  if (asJson) output.line(json(Object.fromEntries(tables.map(({ name, rows }) => [name, rows]))));
  else for (const { name, rows } of tables) print(output, tableOf(name, rows, hasColours(stdout, env)));
  await output.flush();
  for (const { name, nearest } of unknownVariables(env, KNOWN_VARIABLES)) {
    const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
    stderr.write(`${visible(`${name} is unknown and has no effect${hint}`)}\n`);
  }
  const problems = found.flatMap((each) => problemsOf(each, names.length === 1));
  if (problems.length > 0) throw new ConfigError([...new Set(problems)]);
}

function problemsOf({ settings, fileProblems }: Resolution, isAskedFor: boolean): string[] {
  const counting = settings.filter(({ source }) => isAskedFor || source !== "missing");
  return [...fileProblems, ...counting.flatMap(({ problem }) => problem ?? [])];
}

function print(output: Output, lines: readonly string[]): void {
  for (const line of lines) output.line(line.trimEnd());
}

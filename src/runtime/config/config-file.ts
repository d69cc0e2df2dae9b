import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe } from "../log.ts";
import { nearest } from "./nearest.ts";

/** What a configuration file says: texts by name, such as `drain-ms`. */
export type FileTexts = ReadonlyMap<string, string>;

export interface ReadFile {
  readonly texts: FileTexts;
  /** All that is wrong with it, a sentence each. */
  readonly problems: readonly string[];
}

/**
 * Reads a configuration file, JSON or (where its name ends in .yaml or .yml) YAML: an object of settings by their
 * names. Numbers, booleans, and objects for settings that are JSON, stand for their texts; null counts as absent.
 *
 * @param known the names that may stand in it
 */
export function readConfigFile(path: string, known: readonly string[]): ReadFile {
  let content: unknown;
  try {
    const text = readFileSync(path, "utf8");
    content = /\.ya?ml$/i.test(path) ? yaml().parse(text) : JSON.parse(text);
  } catch (error) {
    return { texts: new Map(), problems: [`${path}: ${describe(error).trim().split("\n", 1)[0]}`] };
  }
  // A YAML file of nothing but comments.
  if (content === null) return { texts: new Map(), problems: [] };
  if (typeof content !== "object" || Array.isArray(content))
    return {
      texts: new Map(),
      problems: [`${path}: expected an object of settings, such as {"drain-ms": 20000}`],
    };
  const texts = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, value] of Object.entries(content)) {
    if (!known.includes(name)) problems.push(`${path}: there is no setting "${name}"${hint(name, known)}`);
    else if (value !== null) texts.set(name, textOf(value));
  }
  return { texts, problems };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function hint(name: string, known: readonly string[]): string {
  // Whoever thinks of the variable is told the name, too.
  const meant = nearest(
    name
      .replace(/^(SCC|SOCKETCLUSTER)_/i, "")
      .replaceAll("_", "-")
      .toLowerCase(),
    known,
  );
  return meant === undefined ? "" : `; did you mean "${meant}"?`;
}

/** Loaded only where somebody has such a file. */
function yaml(): typeof import("yaml") {
  return createRequire(import.meta.url)("yaml") as typeof import("yaml");
}

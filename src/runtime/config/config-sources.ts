import { readFileSync } from "node:fs";
import { type FileTexts, readConfigFile } from "./config-file.ts";
import {
  type Environment,
  type Flags,
  fileFlagOf,
  fileKeyOf,
  fileVariableOf,
  flagOf,
  nameOf,
  type Setting,
  type Settings,
} from "./setting.ts";
import { isOfKubernetes } from "./unknown-variables.ts";

/** Where a value comes from; each wins over those before it. "missing": it is required, and nowhere. */
export type Source = "missing" | "default" | "file" | "environment" | "flag";

/** One setting with the value that it has, and why. */
export interface Resolved {
  readonly key: string;
  readonly setting: Setting<unknown>;
  /** Undefined too where there is a problem with it. */
  readonly value: unknown;
  readonly source: Source;
  /** The flag, the variable, or the file that it comes from. */
  readonly from: string | undefined;
  /** Why it cannot be used, a sentence. */
  readonly problem: string | undefined;
}

export interface Resolution {
  readonly settings: readonly Resolved[];
  /** What is wrong with the configuration file as such. */
  readonly fileProblems: readonly string[];
}

/** Where a text was found. */
interface Found {
  readonly text: string;
  readonly source: Source;
  readonly from: string;
}

/** A text, or the name of a file that holds it. Both of one source cannot be meant. */
interface Place {
  readonly source: Source;
  readonly text: string | undefined;
  readonly from: string;
  readonly file: string | undefined;
  readonly fromFile: string;
}

/** Of a place where a text stands that cannot be used. */
class Problem extends Error {
  readonly place: Place;

  constructor(place: Place, message: string) {
    super(message);
    this.place = place;
  }
}

/**
 * Finds the value of every setting: that of its flag, else of its environment variable, else of the configuration
 * file, else its fallback. An empty text counts as absent; "0" is a value. A secret can be the content of a file that
 * is named in its place: SCC_AUTH_KEY_FILE, --auth-key-file.
 */
export function resolveConfig(settings: Settings, env: Environment, flags: Flags): Resolution {
  const path = "configFile" in settings ? flags.configFile || env.SCC_CONFIG_FILE || undefined : undefined;
  const { texts, problems } =
    path === undefined ? { texts: new Map(), problems: [] } : readConfigFile(path, fileNames(settings));
  const resolved = Object.entries(settings).map(([key, setting]) => {
    const places = [
      ofFlags(key, setting, flags),
      ofVariables(setting, env),
      ofFile(setting, texts, path ?? ""),
    ];
    return resolve(key, setting, places);
  });
  return { settings: resolved, fileProblems: problems };
}

/** What may stand in a configuration file: everything but the file itself. */
function fileNames(settings: Settings): string[] {
  return Object.entries(settings)
    .filter(([key]) => key !== "configFile")
    .flatMap(([, setting]) =>
      setting.secret ? [nameOf(setting), `${nameOf(setting)}-file`] : [nameOf(setting)],
    );
}

function ofFlags(key: string, setting: Setting<unknown>, flags: Flags): Place {
  const file = setting.secret ? flags[fileKeyOf(key)] : undefined;
  return { source: "flag", text: flags[key], from: flagOf(setting), file, fromFile: fileFlagOf(setting) };
}

function ofVariables(setting: Setting<unknown>, env: Environment): Place {
  const value = env[setting.env];
  return {
    source: "environment",
    // A service that is called like a setting of ours says nothing about it.
    text: value !== undefined && isOfKubernetes(setting.env, value) ? undefined : value,
    from: setting.env,
    file: setting.secret ? env[fileVariableOf(setting)] : undefined,
    fromFile: fileVariableOf(setting),
  };
}

function ofFile(setting: Setting<unknown>, texts: FileTexts, path: string): Place {
  const name = nameOf(setting);
  const [from, fromFile] = [`${path}: ${name}`, `${path}: ${name}-file`];
  return { source: "file", text: texts.get(name), from, file: texts.get(`${name}-file`), fromFile };
}

function resolve(key: string, setting: Setting<unknown>, places: readonly Place[]): Resolved {
  const base = { key, setting, value: undefined, problem: undefined };
  try {
    const found = firstOf(places);
    if (found === undefined) {
      if ("fallback" in setting)
        return { ...base, value: setting.fallback, source: "default", from: undefined };
      const problem = `${setting.env} (or ${flagOf(setting)}) is required: ${setting.doc}`;
      return { ...base, source: "missing", from: undefined, problem };
    }
    const parsed = setting.schema.safeParse(found.text);
    const { source, from } = found;
    if (parsed.success) return { ...base, value: parsed.data, source, from };
    const shown = setting.secret ? "(secret)" : JSON.stringify(found.text);
    return { ...base, source, from, problem: `${from}=${shown}: expected ${setting.expected}` };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { source, fromFile: from } = error.place;
    return { ...base, source, from, problem: error.message };
  }
}

function firstOf(places: readonly Place[]): Found | undefined {
  for (const place of places) {
    const { source, text, from, file, fromFile } = place;
    if (text && file) throw new Problem(place, `${from} and ${fromFile} are both set: give one of them`);
    if (text) return { text, source, from };
    if (file) return { text: contentOf(file, place), source, from: fromFile };
  }
  return undefined;
}

/** What a file holds, without the line end that editors put behind it. */
function contentOf(file: string, place: Place): string {
  try {
    const text = readFileSync(file, "utf8").replace(/\r?\n$/, "");
    if (text !== "") return text;
  } catch (error) {
    throw new Problem(place, `${place.fromFile}: ${(error as Error).message}`);
  }
  throw new Problem(place, `${place.fromFile}: ${file} is empty`);
}

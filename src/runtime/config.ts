import { z } from "zod";
import { ConfigError } from "./errors.ts";

/** One setting: where it is read from, what is allowed, and what it means. */
export interface Setting<T> {
  /** Name of the environment variable; the flag is derived from it (see `flagOf`). */
  readonly env: string;
  /** The flag, where it is not the one derived from the variable: `--processes`. */
  readonly flag?: string;
  readonly doc: string;
  /** Turns text into a value, or refuses it. */
  readonly schema: z.ZodType<T, string>;
  /** What the schema accepts, in words, for error messages and help: "an integer from 1 to 10". */
  readonly expected: string;
  /** Without a fallback the setting is required. `undefined` makes it optional. */
  readonly fallback?: T;
  /** Its value stands in no log and no page. */
  readonly secret?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: settings of every type share one table
export type Settings = Readonly<Record<string, Setting<any>>>;

export type Config<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** Text values by setting key (`drainMs`), as the command line gives them. */
export type Flags = Readonly<Record<string, string | undefined>>;

/**
 * Reads every setting: a flag if given, else the environment variable, else the fallback. An empty text
 * counts as absent; "0" is a value.
 *
 * @throws {ConfigError} naming all problems at once, so that an operator fixes them in one go
 */
export function readConfig<S extends Settings>(
  settings: S,
  env: Readonly<Record<string, string | undefined>>,
  flags: Flags = {},
): Config<S> {
  const config: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [key, setting] of Object.entries(settings)) {
    const flag = flags[key];
    const text = flag || env[setting.env];
    const source = flag ? flagOf(setting) : setting.env;
    if (!text) {
      if ("fallback" in setting) config[key] = setting.fallback;
      else problems.push(`${setting.env} (or ${flagOf(setting)}) is required: ${setting.doc}`);
      continue;
    }
    const parsed = setting.schema.safeParse(text);
    if (parsed.success) config[key] = parsed.data;
    else {
      const shown = setting.secret ? "(secret)" : JSON.stringify(text);
      problems.push(`${source}=${shown}: expected ${setting.expected}`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config) as Config<S>;
}

/** The flag that means the same as a setting's environment variable: `SCC_DRAIN_MS` is `--drain-ms`. */
export function flagOf({ env, flag }: Pick<Setting<unknown>, "env" | "flag">): string {
  if (flag !== undefined) return flag;
  return `--${env
    .replace(/^(SCC|SOCKETCLUSTER)_/, "")
    .toLowerCase()
    .replaceAll("_", "-")}`;
}

type Kind<T> = Pick<Setting<T>, "schema" | "expected">;

/** A whole number from `min` to `max`, both allowed. */
export function integer(min: number, max: number): Kind<number> {
  const schema = z
    .string()
    .trim()
    .regex(/^-?\d+$/)
    .transform(Number)
    .pipe(z.number().int().min(min).max(max));
  return { schema, expected: `an integer from ${min} to ${max}` };
}

/** A whole number as of `integer`, or a word. */
export function integerOr<const W extends string>(word: W, min: number, max: number): Kind<number | W> {
  const { schema, expected } = integer(min, max);
  return { schema: z.union([oneOf(word).schema, schema]), expected: `${word} or ${expected}` };
}

/** A TCP port. */
export function port(): Kind<number> {
  return integer(1, 65_535);
}

/** Milliseconds, at most a day. */
export function milliseconds(min = 0): Kind<number> {
  const { schema } = integer(min, 86_400_000);
  return { schema, expected: `milliseconds, an integer from ${min} to 86400000` };
}

const TRUE = ["1", "true", "yes", "on"];
const FALSE = ["0", "false", "no", "off"];

/** A switch: 1, true, yes or on; 0, false, no or off. */
export function toggle(): Kind<boolean> {
  const schema = z
    .string()
    .trim()
    .toLowerCase()
    .refine((value) => TRUE.includes(value) || FALSE.includes(value))
    .transform((value) => TRUE.includes(value));
  return { schema, expected: `${TRUE.join(", ")} or ${FALSE.join(", ")}` };
}

/** One of a few words. */
export function oneOf<const T extends string>(...words: T[]): Kind<T> {
  const schema = z
    .string()
    .trim()
    .refine((value): value is T => words.includes(value as T));
  return { schema: schema as unknown as z.ZodType<T, string>, expected: `one of ${words.join(", ")}` };
}

/** Any text that is not empty. */
export function text(expected = "a text"): Kind<string> {
  return { schema: z.string().min(1), expected };
}

/** Upstream's levels: 0 nothing, 1 errors, 2 warnings, 3 everything. */
export function logLevel(): Kind<number> {
  return { ...integer(0, 3), expected: "0 (nothing), 1 (errors), 2 (and warnings) or 3 (everything)" };
}

/** A JSON object, such as options for the server. */
export function jsonObject(): Kind<Readonly<Record<string, unknown>>> {
  const schema = z.string().transform((value, context) => {
    try {
      const parsed: unknown = JSON.parse(value);
      if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
        return parsed as Record<string, unknown>;
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
      return z.NEVER;
    }
    context.addIssue({ code: "custom", message: "not an object" });
    return z.NEVER;
  });
  return { schema, expected: 'a JSON object, such as {"pingInterval":8000}' };
}

import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { resolveConfig } from "./config-sources.ts";
import type { Config, Environment, Flags, Setting, Settings } from "./setting.ts";

export { type Config, type Flags, flagOf, type Setting, type Settings } from "./setting.ts";

/**
 * Reads every setting: a flag if given, else the environment variable, else the configuration file, else the fallback.
 *
 * @see resolveConfig
 * @throws {ConfigError} naming all problems at once, so that an operator fixes them in one go
 */
export function readConfig<S extends Settings>(settings: S, env: Environment, flags: Flags = {}): Config<S> {
  const { settings: resolved, fileProblems } = resolveConfig(settings, env, flags);
  const problems = [...fileProblems, ...resolved.flatMap(({ problem }) => problem ?? [])];
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(Object.fromEntries(resolved.map(({ key, value }) => [key, value]))) as Config<S>;
}

/** The variable that names a configuration file; every process has it. */
export const configFileSetting = {
  configFile: {
    env: "SCC_CONFIG_FILE",
    flag: "--config",
    ...text("a file"),
    fallback: undefined as string | undefined,
    doc: "configuration file of this process, JSON or YAML: settings by their flags' names",
  },
} satisfies Settings;

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

/**
 * A key that is shown in an HTTP header: one with a line end, as `echo` and editors leave it, would be refused there,
 * and spaces around it would be lost on the way.
 */
export function headerText(): Kind<string> {
  const schema = z.string().regex(/^[\x21-\x7e\x80-\xff]([\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/);
  return { schema, expected: "a text of one line, without spaces around it" };
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

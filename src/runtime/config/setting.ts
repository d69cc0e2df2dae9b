import type { z } from "zod";

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
  /** What the fallback follows from, in place of its value on pages and in help: it differs from process to process. */
  readonly fallbackText?: string;
  /** Its value stands in no log and no page, and can be the content of a file (see `fileVariableOf`). */
  readonly secret?: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: settings of every type share one table
export type Settings = Readonly<Record<string, Setting<any>>>;

export type Config<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
};

/** Text values by setting key (`drainMs`), as the command line gives them; files of secrets by `fileKeyOf`. */
export type Flags = Readonly<Record<string, string | undefined>>;

export type Environment = Readonly<Record<string, string | undefined>>;

type Named = Pick<Setting<unknown>, "env" | "flag">;

/** The flag that means the same as a setting's environment variable: `SCC_DRAIN_MS` is `--drain-ms`. */
export function flagOf({ env, flag }: Named): string {
  if (flag !== undefined) return flag;
  return `--${env
    .replace(/^(SCC|SOCKETCLUSTER)_/, "")
    .toLowerCase()
    .replaceAll("_", "-")}`;
}

/** A setting's name in a configuration file: its flag without the dashes. */
export function nameOf(setting: Named): string {
  return flagOf(setting).slice(2);
}

/** The variable that names a file with a secret: `SCC_AUTH_KEY_FILE`. */
export function fileVariableOf({ env }: Named): string {
  return `${env}_FILE`;
}

/** The flag that names a file with a secret: `--auth-key-file`. */
export function fileFlagOf(setting: Named): string {
  return `${flagOf(setting)}-file`;
}

/** The key in `Flags` under which the file of a secret stands. */
export function fileKeyOf(key: string): string {
  return `${key}File`;
}

import { type Command, Option } from "commander";
import { type Flags, flagOf, type Setting, type Settings } from "../runtime/config/config.ts";
import { fileFlagOf, fileKeyOf, fileVariableOf } from "../runtime/config/setting.ts";

/** A flag for each setting of a service, and for the files of secrets. */
export class SettingFlags {
  readonly #options: readonly { readonly key: string; readonly option: Option }[];

  constructor(settings: Settings) {
    this.#options = Object.entries(settings).flatMap(([key, setting]) => {
      const own = { key, option: optionFor(setting) };
      return setting.secret ? [own, { key: fileKeyOf(key), option: fileOptionFor(setting) }] : [own];
    });
  }

  addTo(command: Command): void {
    for (const { option } of this.#options) command.addOption(option);
  }

  /** What was given, by the names of the settings. */
  of(command: Command): Flags {
    const given: Readonly<Record<string, string | true | undefined>> = command.opts();
    return Object.fromEntries(
      this.#options.map(({ key, option }) => {
        const value = given[option.attributeName()];
        return [key, value === true ? "1" : value];
      }),
    );
  }
}

function optionFor(setting: Setting<unknown>): Option {
  const { env, doc, fallback, fallbackText = shown(fallback) } = setting;
  const facts = [env, ...(isShown(fallback) ? [`default ${fallbackText}`] : [])];
  if (!("fallback" in setting)) facts.push("required");
  const value = typeof fallback === "boolean" ? "[value]" : "<value>";
  // A default of Commander's would look like a flag and win over the variable.
  return new Option(`${flagOf(setting)} ${value}`, `${doc} (${facts.join("; ")})`);
}

function fileOptionFor(setting: Setting<unknown>): Option {
  return new Option(`${fileFlagOf(setting)} <file>`, `a file that holds it (${fileVariableOf(setting)})`);
}

function isShown(fallback: unknown): boolean {
  return fallback !== undefined && shown(fallback) !== "{}";
}

function shown(fallback: unknown): string {
  return typeof fallback === "object" ? JSON.stringify(fallback) : String(fallback);
}

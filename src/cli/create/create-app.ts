import { mkdirSync, readdirSync, readFileSync, type Stats, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { packageNameOf } from "./name.ts";
import { CreateError } from "./problem.ts";
import { dependencySource } from "./source.ts";

export interface CreateOptions {
  /** Where the application goes; made if it is not there. */
  readonly directory: string;
  /** Tarball or directory of this package; absent: the published one. */
  readonly from?: string | undefined;
  /** Whether files may be there already; those of the same name are replaced. */
  readonly force?: boolean | undefined;
}

export interface CreatedApp {
  readonly name: string;
  /** Relative to the application, in order. */
  readonly files: readonly string[];
}

// The same places from `src/cli/create` and from `dist/cli/create`.
const PACKAGE = fileURLToPath(new URL("../../../package.json", import.meta.url));
const TEMPLATE = fileURLToPath(new URL("../../../templates/app/", import.meta.url));

/** A repository may be there before what is in it. */
const NOT_COUNTED: readonly string[] = [".git", ".DS_Store"];

/**
 * Writes a small application into a directory. Installs nothing.
 *
 * @throws {CreateError} if the directory is in use, or what `from` names is not this package; nothing is written then
 */
export function createApp({ directory, from, force = false }: CreateOptions): CreatedApp {
  const target = resolve(directory);
  checkTarget(directory, target, force);
  const { version } = JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string };
  const source = dependencySource(from === undefined ? undefined : resolve(from), target, version);
  const name = packageNameOf(basename(target));
  const files = templateFiles().map((template) => {
    const file = template.replace(/(^|\/)_/, "$1.");
    const text = readFileSync(join(TEMPLATE, template), "utf8");
    mkdirSync(dirname(join(target, file)), { recursive: true });
    writeFileSync(
      join(target, file),
      file === "package.json" ? manifest(text, name, source) : named(text, name),
    );
    return file;
  });
  return { name, files: files.toSorted() };
}

function checkTarget(directory: string, target: string, force: boolean): void {
  const stats: Stats | undefined = statSync(target, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isDirectory()) throw new CreateError(`Cannot create "${directory}": it is a file`);
  const present = readdirSync(target).filter((entry) => !NOT_COUNTED.includes(entry));
  if (present.length === 0 || force) return;
  const some = present.slice(0, 3).join(", ") + (present.length > 3 ? ", ..." : "");
  throw new CreateError(
    `Cannot create "${directory}": the directory must be empty, and holds ${some}; --force writes into it all the same`,
  );
}

/** Files that begin with a dot begin with an underscore in the template: npm leaves some of them out of packages. */
function templateFiles(): string[] {
  return readdirSync(TEMPLATE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(TEMPLATE.length).replaceAll("\\", "/"));
}

function manifest(text: string, name: string, source: string): string {
  const template = JSON.parse(text) as { dependencies: object };
  const dependencies = { ...template.dependencies, sccluster: source };
  return `${JSON.stringify({ ...template, name, dependencies }, undefined, 2)}\n`;
}

function named(text: string, name: string): string {
  return text.replaceAll("__name__", name);
}

import { readFileSync, type Stats, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { CreateError } from "./problem.ts";

const PACKAGE = "sccluster";

/**
 * Where an application is to get this package from, as its package.json says it: by version, or from a tarball
 * (`npm pack`) or a directory where it is not published.
 *
 * @param from tarball or directory; absent: the published package
 * @param directory the application's, since a file is named relative to it
 * @throws {CreateError} if there is no such package
 */
export function dependencySource(from: string | undefined, directory: string, version: string): string {
  if (from === undefined) return `^${version}`;
  const stats = statSync(from, { throwIfNoEntry: false });
  if (stats === undefined)
    throw new CreateError(`Cannot use --from "${from}": there is no such file or directory`);
  checkPackage(from, stats);
  return `file:${relative(directory, from).split(sep).join("/")}`;
}

function checkPackage(from: string, stats: Stats): void {
  if (stats.isFile()) {
    if (/\.(tgz|tar\.gz)$/.test(from)) return;
    throw new CreateError(
      `Cannot use --from "${from}": it must be a tarball made by npm pack, or a directory`,
    );
  }
  const name = packageName(from);
  if (name === PACKAGE) return;
  const what = name === undefined ? "it has no package.json" : `the package there is "${name}"`;
  throw new CreateError(`Cannot use --from "${from}": it must hold the package ${PACKAGE}, and ${what}`);
}

function packageName(directory: string): string | undefined {
  try {
    return (
      (JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as { name?: string }).name ?? ""
    );
  } catch {
    return undefined; // whatever is wrong with it, it is not the package
  }
}

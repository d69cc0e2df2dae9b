import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPOSITORY } from "../kubernetes/objects.ts";

/** A built package: what is built here, or an earlier commit of it. */
export interface Release {
  readonly name: string;
  /** The built `scc`. */
  readonly entry: string;
  remove(): void;
}

const ENTRY = "dist/cli/main.js";

export function currentRelease(): Release {
  const changed = git("status", "--porcelain", "--", "src") === "" ? "" : " with changes";
  return { name: `${shortOf("HEAD")}${changed}`, entry: join(REPOSITORY, ENTRY), remove: () => {} };
}

/**
 * Builds an earlier commit in a directory of its own, with the packages that are installed here.
 *
 * @throws {Error} if there is no such commit, or it does not build
 */
export function earlierRelease(commit: string): Release {
  const name = shortOf(commit);
  const place = mkdtempSync(join(tmpdir(), "scc-rolling-"));
  const tree = join(place, "tree");
  git("worktree", "add", "--detach", tree, name);
  const remove = (): void => {
    git("worktree", "remove", "--force", tree);
    rmSync(place, { recursive: true, force: true });
  };
  try {
    symlinkSync(join(REPOSITORY, "node_modules"), join(tree, "node_modules"));
    execFileSync("npm", ["run", "build"], { cwd: tree, stdio: "pipe" });
    return { name, entry: join(tree, ENTRY), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function shortOf(commit: string): string {
  return git("rev-parse", "--short", `${commit}^{commit}`);
}

function git(...args: string[]): string {
  const output = execFileSync("git", args, {
    cwd: REPOSITORY,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return output.trim();
}

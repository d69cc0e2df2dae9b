import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Short commit of what is measured, with a "+" where its files have been changed; undefined outside of a clone. */
export function commitOfThis(): string | undefined {
  try {
    const commit = git("rev-parse", "--short", "HEAD");
    return git("status", "--porcelain", "--", "src", "package.json") === "" ? commit : `${commit}+`;
  } catch {
    // No clone, or no git: then nobody knows.
    return undefined;
  }
}

function git(...args: string[]): string {
  return execFileSync("git", args, {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}

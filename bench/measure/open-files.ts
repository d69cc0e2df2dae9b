import { execFileSync } from "node:child_process";

/** How many files, and so connections, a process may open at most; Node.js raises its own limit to that. */
export function openFilesLimit(): number {
  const text = execFileSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).trim();
  return text === "unlimited" ? Number.POSITIVE_INFINITY : Number(text);
}

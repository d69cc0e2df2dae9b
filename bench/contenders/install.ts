import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withoutFolders } from "../record/without-folders.ts";

const run = promisify(execFile);

const MANIFEST = fileURLToPath(new URL("../peers/package.json", import.meta.url));
const FOLDER = fileURLToPath(new URL("../.peers", import.meta.url));
const INSTALL_WITHIN_MS = 300_000;

/** Where the peers are, or why they are not. */
export interface Installed {
  /** Folder with a node_modules. */
  readonly folder: string;
  /** Absent: they are there. */
  readonly problem?: string;
}

/**
 * Installs the peers into `bench/.peers`, unless the same ones are there already. They are no dependencies of
 * this package: who does not run the benchmark never has them.
 *
 * @param given a folder that has them already; nothing is installed into it
 */
export async function installPeers(given: string | undefined): Promise<Installed> {
  if (given !== undefined) {
    const problem = existsSync(join(given, "node_modules"))
      ? {}
      : { problem: "the given folder has no node_modules" };
    return { folder: given, ...problem };
  }
  if (isInstalled()) return { folder: FOLDER };
  await mkdir(FOLDER, { recursive: true });
  try {
    const flags = ["--no-save", "--no-audit", "--no-fund", "--no-package-lock"];
    await copyFile(MANIFEST, join(FOLDER, "package.json"));
    await run("npm", ["install", ...flags], { cwd: FOLDER, timeout: INSTALL_WITHIN_MS });
    await copyFile(MANIFEST, stampFile());
    return { folder: FOLDER };
  } catch (error) {
    return { folder: FOLDER, problem: `npm install failed: ${whyNot(error)}` };
  }
}

/** Written when an installation has succeeded, so that half of one is not taken for it. */
function stampFile(): string {
  return join(FOLDER, "installed.json");
}

function isInstalled(): boolean {
  return existsSync(stampFile()) && readFileSync(stampFile(), "utf8") === readFileSync(MANIFEST, "utf8");
}

/** The telling line of what a failed command said: npm's code, or the last error, which is the nearest to the cause. */
export function whyNot(error: unknown): string {
  const { stderr = "", message } = error as { stderr?: string; message: string };
  const lines = stderr.split("\n").map((line) => line.trim());
  const telling =
    lines.find((line) => /^npm \w+ code /.test(line)) ?? lines.findLast((line) => /rror: /.test(line));
  return withoutFolders(telling ?? message.split("\n")[0] ?? "");
}

/**
 * A library beside the peers that uWebSockets is loaded with: its prebuilt binary needs a newer C library than some
 * systems have, and somebody may have put there what it lacks.
 */
export function uwsPreloadIn(folder: string): string | undefined {
  const library = join(folder, "isoc23-shim.so");
  return existsSync(library) ? library : undefined;
}

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

const DEADLINE_MS = 120_000;
/** What npm tells its scripts about the package they belong to: not this one, for those that are started here. */
const OF_OUR_NPM = /^(npm_(package|lifecycle|config_local_prefix|command|execpath)|INIT_CWD|NODE_ENV|VITEST)/;
const QUIET = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];

export interface Ran {
  readonly code: number;
  /** Both streams. */
  readonly output: string;
}

/** The environment of whoever uses the package: ours, without what belongs to this run. */
export function usersEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !OF_OUR_NPM.test(name)));
}

/** Runs a command to its end, whatever that is. */
export function run(directory: string, command: string, args: readonly string[], env = {}): Promise<Ran> {
  const options = { cwd: directory, env: { ...usersEnvironment(), ...env }, timeout: DEADLINE_MS };
  return new Promise((done) => {
    execFile(command, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      done({ code, output: `${stdout}${stderr}` });
    });
  });
}

/** @throws {Error} with everything it printed, if it does not exit with 0 */
export async function runWell(
  directory: string,
  command: string,
  args: readonly string[],
  env = {},
): Promise<string> {
  const { code, output } = await run(directory, command, args, env);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}:\n${output}`);
  return output;
}

/** Makes the tarball that would be published, of what is built. Returns its path. */
export async function pack(directory: string): Promise<string> {
  const { name, version } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8"));
  // Without the script that builds: other tests run from what is built, at the same time.
  await runWell(REPOSITORY, "npm", ["pack", "--ignore-scripts", "--pack-destination", directory]);
  return join(directory, `${name}-${version}.tgz`);
}

/** `npm install`, from npm's cache where that has it. */
export async function install(directory: string): Promise<void> {
  await runWell(directory, "npm", ["install", ...QUIET]);
}

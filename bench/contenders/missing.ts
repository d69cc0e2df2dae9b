import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { pathOnly } from "../launch/environment.ts";
import type { Contender, PeerName, Site } from "./contender.ts";
import { type Installed, whyNot } from "./install.ts";

const run = promisify(execFile);
const LOAD_WITHIN_MS = 20_000;

/** Whether a peer can be measured here. */
export interface Presence {
  /** Its packages with their versions, those that are there. */
  readonly versions: readonly string[];
  /** Why it cannot; absent: it can. */
  readonly missing?: string;
}

/** Finds out which peers can be measured, by loading them as they will be loaded. */
export async function presenceOf(
  peers: readonly (Contender & { readonly name: PeerName })[],
  installed: Installed,
  uwsPreload: string | undefined,
): Promise<Map<PeerName, Presence>> {
  const site = { port: () => 0, authKey: undefined, peers: installed.folder, uwsPreload };
  const found = new Map<PeerName, Presence>();
  for (const peer of peers) {
    const missing = installed.problem ?? (await whyMissing(peer, site));
    const versions = peer.packages.flatMap((name) => versionOf(installed.folder, name));
    found.set(peer.name, { versions, ...(missing !== undefined && { missing }) });
  }
  return found;
}

async function whyMissing(peer: Contender, site: Site): Promise<string | undefined> {
  const absent = peer.packages.find((name) => versionOf(site.peers, name).length === 0);
  if (absent !== undefined) return `${absent} is not installed`;
  for (const { command, env } of peer.processes({ workers: 1, brokers: 0 }, site).flat()) {
    const args = command === process.execPath ? ["-e", loading(peer.packages)] : ["--version"];
    try {
      await run(command, args, { env: { ...pathOnly(), ...env }, timeout: LOAD_WITHIN_MS });
    } catch (error) {
      const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
      return isAbsent ? `${command} is not installed on this machine` : whyNot(error);
    }
  }
  return undefined;
}

/** A program that does nothing but load packages. */
function loading(packages: readonly string[]): string {
  const from = JSON.stringify(fileURLToPath(new URL("../peers/package-of.cjs", import.meta.url)));
  return packages.map((name) => `require(${from})("${name}");`).join("");
}

function versionOf(folder: string, name: string): string[] {
  const file = join(folder, "node_modules", name, "package.json");
  if (!existsSync(file)) return [];
  return [`${name} ${(JSON.parse(readFileSync(file, "utf8")) as { version: string }).version}`];
}

import { readFileSync } from "node:fs";
import { InvalidArgumentError, Option } from "commander";
import { ConfigError } from "../../runtime/errors.ts";
import { readCa } from "../../runtime/tls/tls.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** The flags of every command that connects as a client. */
export interface ClientFlags {
  readonly url: string;
  readonly tokenFile?: string;
  readonly tlsCaFile?: string;
}

/** Where to connect, and what to show there. */
export interface Target {
  readonly url: string;
  readonly token: string | undefined;
  /** Certificates to trust, PEM; undefined: the system's. */
  readonly ca: string | undefined;
}

export const USUAL_URL = "ws://localhost:8000/socketcluster/";

export function clientOptions(): Option[] {
  return [
    new Option("--url <url>", "a worker; without a path: /socketcluster/")
      .default(USUAL_URL)
      .argParser(webSocketUrl),
    new Option("--token-file <file>", "token to show (SCC_TOKEN)"),
    new Option("--tls-ca-file <file>", "certificates to trust, PEM; absent: the system's (SCC_TLS_CA_FILE)"),
  ];
}

/** @throws {ConfigError} if a file cannot be read */
export function targetOf({ url, tokenFile, tlsCaFile }: ClientFlags, env: Env): Target {
  const ca = tlsCaFile ?? (env.SCC_TLS_CA_FILE || undefined);
  return {
    url,
    token: readSecret("--token-file", tokenFile) ?? (env.SCC_TOKEN || undefined),
    ca: readCa({ tlsCaFile: ca }),
  };
}

/**
 * What a file holds, without the line end that editors put behind it.
 *
 * @throws {ConfigError} if it cannot be read, or nothing is in it
 */
export function readSecret(flag: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  let secret: string;
  try {
    secret = readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new ConfigError([`${flag}: ${(error as Error).message}`]);
  }
  if (secret === "") throw new ConfigError([`${flag}: ${file} is empty`]);
  return secret;
}

/** An address as it is meant: with the usual path where there is none. */
function webSocketUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "ws:" && url?.protocol !== "wss:")
    throw new InvalidArgumentError(
      "Expected ws://host:port or wss://host:port, with a path where it is not usual.",
    );
  if (url.username !== "" || url.password !== "")
    throw new InvalidArgumentError(
      "A secret has no place in a command line: give a token with --token-file.",
    );
  if (url.pathname === "/") url.pathname = "/socketcluster/";
  return url.href;
}

/** A whole number for a flag. */
export function count(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`Expected an integer from 1 to ${most}.`);
  };
}

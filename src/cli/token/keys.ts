import { ConfigError } from "../../runtime/errors.ts";
import { type Env, readSecret } from "../client/flags.ts";

/** What tokens are signed and verified with: one secret, or a pair. */
export interface Keys {
  readonly signing: string | undefined;
  readonly verifying: string | undefined;
  /** What the servers take, where they are told; undefined: what goes with the key. */
  readonly algorithm: string | undefined;
}

/**
 * The keys as workers have them: `--auth-key-file`, else SOCKETCLUSTER_AUTH_KEY (or _FILE), else those in
 * SOCKETCLUSTER_OPTIONS (or _FILE).
 *
 * @throws {ConfigError} if what is there cannot be read
 */
export function keysOf(authKeyFile: string | undefined, env: Env): Keys {
  const key = readSecret("--auth-key-file", authKeyFile) ?? variable("SOCKETCLUSTER_AUTH_KEY", env);
  if (key !== undefined) return { signing: key, verifying: key, algorithm: undefined };
  const options = optionsOf(variable("SOCKETCLUSTER_OPTIONS", env));
  const { authKey, authPrivateKey = authKey, authPublicKey = authKey, authAlgorithm } = options;
  return { signing: authPrivateKey, verifying: authPublicKey, algorithm: authAlgorithm };
}

function variable(name: string, env: Env): string | undefined {
  return env[name] || readSecret(`${name}_FILE`, env[`${name}_FILE`] || undefined);
}

type AuthOption = "authKey" | "authPrivateKey" | "authPublicKey" | "authAlgorithm";

function optionsOf(text: string | undefined): Partial<Record<AuthOption, string>> {
  if (text === undefined) return {};
  let options: unknown;
  try {
    options = JSON.parse(text);
  } catch {
    // What the parser says quotes what may be secret.
    throw new ConfigError(["SOCKETCLUSTER_OPTIONS: expected a JSON object"]);
  }
  const found = Object.entries(options ?? {}).filter(([, value]) => typeof value === "string");
  return Object.fromEntries(found) as Partial<Record<AuthOption, string>>;
}

export const NO_KEY =
  "a key is missing: set SOCKETCLUSTER_AUTH_KEY, give --auth-key-file, or set SOCKETCLUSTER_OPTIONS as the workers have it";

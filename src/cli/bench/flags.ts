import { readFileSync } from "node:fs";
import { ConfigError } from "../../runtime/errors.ts";
import { readCa } from "../../runtime/tls/tls.ts";
import type { Pace, Protocol } from "../../tools/bench/plan.ts";
import { publishes, type Scenario, type Wishes } from "../../tools/bench/scenarios.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** What the command line gives; times are ms. */
export interface BenchFlags {
  readonly url?: readonly string[];
  readonly protocol: Protocol;
  readonly subscribers?: number;
  readonly channels?: number;
  readonly publishers?: number;
  readonly size: number;
  readonly rate?: number;
  readonly window?: number;
  readonly duration?: number;
  readonly warmup?: number;
  readonly connecting: number;
  readonly generators: number;
  readonly prefix?: string;
  readonly authKeyFile?: string;
  readonly tokenFile?: string;
  readonly tlsCaFile?: string;
  readonly local?: boolean;
  readonly workers?: number;
  readonly brokers?: number;
  readonly pid?: readonly number[];
  readonly json?: boolean;
  readonly html?: string;
}

const USUAL_URL = "ws://localhost:8000";

/**
 * Finds what does not go together.
 *
 * @throws {ConfigError} with everything that is wrong
 */
export function checkFlags(scenario: Scenario, flags: BenchFlags): void {
  const { local = false, url = [], workers, brokers, pid } = flags;
  const publishing = ["publishers", "rate", "window", "warmup"] as const;
  const wrong: readonly (readonly [boolean, string])[] = [
    [scenario === "cluster" && !local && url.length < 2, "cluster: give --url twice or more, or --local"],
    [scenario === "cluster" && workers === 1, "cluster: give --workers 2 or more"],
    [!local && (workers !== undefined || brokers !== undefined), "--workers and --brokers go with --local"],
    [local && pid !== undefined, "--pid goes with servers of your own: --local knows its processes"],
    [local && (workers ?? 1) > 1 && brokers === 0, "--brokers 0: workers that share channels need one"],
    [local && flags.protocol === "socketio", "--local starts servers that speak socketcluster"],
    ...publishing.map(
      (flag) =>
        [
          flags[flag] !== undefined && !publishes(scenario),
          `--${flag}: ${scenario} does not publish`,
        ] as const,
    ),
    [
      scenario === "connect" && flags.duration !== undefined,
      "--duration: connect ends when all are connected",
    ],
  ];
  const problems = wrong.filter(([isWrong]) => isWrong).map(([, what]) => what);
  if (problems.length > 0) throw new ConfigError(problems);
}

/** The wishes that the flags are. @throws {ConfigError} if a file cannot be read */
export function wishesOf(flags: BenchFlags, urls: readonly string[], env: Env): Wishes {
  return {
    protocol: flags.protocol,
    urls,
    subscribers: flags.subscribers,
    channels: flags.channels,
    publishers: flags.publishers,
    payloadBytes: flags.size,
    pace: paceOf(flags),
    durationMs: flags.duration,
    warmupMs: flags.warmup,
    connecting: flags.connecting,
    generators: flags.generators,
    channelPrefix: flags.prefix ?? `bench-${Date.now().toString(36)}-`,
    ca: readCa({ tlsCaFile: flags.tlsCaFile ?? (env.SCC_TLS_CA_FILE || undefined) }),
  };
}

function paceOf({ rate, window }: BenchFlags): Pace | undefined {
  if (rate !== undefined) return { perSecond: rate };
  return window === undefined ? undefined : { window };
}

export function urlsOf({ url = [USUAL_URL] }: BenchFlags): readonly string[] {
  return url;
}

/** What connections show, or what their tokens are signed with. */
export interface Secrets {
  readonly authKey: string | undefined;
  readonly token: string | undefined;
}

/** @throws {ConfigError} if a file cannot be read, or both are given */
export function secretsOf({ authKeyFile, tokenFile }: BenchFlags, env: Env): Secrets {
  const authKey = secret("--auth-key-file", authKeyFile) ?? (env.SOCKETCLUSTER_AUTH_KEY || undefined);
  const token = secret("--token-file", tokenFile) ?? (env.SCC_BENCH_TOKEN || undefined);
  if (authKey !== undefined && token !== undefined)
    throw new ConfigError(["a key to sign tokens with and a token: give one of them"]);
  return { authKey, token };
}

function secret(flag: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    // The line end that editors put behind it does not belong to it.
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new ConfigError([`${flag}: ${(error as Error).message}`]);
  }
}

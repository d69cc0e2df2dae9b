/** One stable identifier for each way an operation of this package can fail on purpose. */
export const ERROR_CODES = [
  "SCC_BAD_ENTRY",
  "SCC_BAD_MESSAGE",
  "SCC_CHAOS",
  "SCC_CLIENT",
  "SCC_CLUSTER_AUTH",
  "SCC_CONFIG",
  "SCC_LISTEN",
  "SCC_LOAD",
  "SCC_CREATE",
  "SCC_MODULE",
  "SCC_NEW_CHANNEL_LIMIT",
  "SCC_PORT_TAKEN",
  "SCC_PUBLISH_REFUSED",
  "SCC_PUBLISH_TIMEOUT",
  "SCC_REGISTRATION",
  "SCC_SUBSCRIBE_REFUSED",
  "SCC_SUBSCRIBE_TIMEOUT",
  "SCC_TOKEN",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * Base of every error this package throws on purpose; anything else that is thrown is a bug.
 * `code` is for programs, `message` for people, `retryable` for whoever decides to try again.
 */
export abstract class SccError extends Error {
  abstract readonly code: ErrorCode;
  readonly retryable: boolean = false;
}

/**
 * Makes an error that does not say where it was made: what strangers can cause as often as they like must cost little, and
 * to look at the stack costs more than all else about such an error.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** The configuration cannot work. `problems` holds all of them, one sentence each. */
export class ConfigError extends SccError {
  readonly code = "SCC_CONFIG";
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Cannot start with this configuration:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}

/** The port a process was told to listen on belongs to somebody else. */
export class PortTakenError extends SccError {
  readonly code = "SCC_PORT_TAKEN";
  override readonly name = "PortTakenError";

  /** @param variable the environment variable that chooses another port */
  constructor(port: number, variable: string) {
    super(`Cannot listen on port ${port}: it is already taken; set ${variable} to choose another`);
  }
}

/** A process cannot listen where it was told to. */
export class ListenError extends SccError {
  readonly code = "SCC_LISTEN";
  override readonly name = "ListenError";

  constructor(host: string | undefined, port: number, variable: string, reason: string) {
    const where = host === undefined ? `port ${port}` : `${host}, port ${port}`;
    super(`Cannot listen on ${where}: ${reason}; set SCC_HOST or ${variable} to choose another`);
  }
}

/**
 * A member of the cluster presented no key or the wrong one.
 * The name is upstream's: its processes look for it.
 */
export class ClusterAuthError extends SccError {
  readonly code = "SCC_CLUSTER_AUTH";
  override readonly name = "BadClusterAuthError";
}

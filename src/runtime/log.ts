import { type DestinationStream, type LoggerOptions, pino, stdTimeFunctions } from "pino";
import pretty from "pino-pretty";
import { type Clock, systemClock } from "./clock.ts";
import { Repeats } from "./repeats.ts";
import { spelledOutJson, visibleJson } from "./visible.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** The message is a constant, what varies stands in fields. Never on the path of a message. */
export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

/** Upstream's numeric levels: 0 nothing, 1 errors, 2 and warnings, 3 everything. */
const LEVELS = ["silent", "error", "warn", "info"] as const;

export interface LogOptions {
  readonly clock?: Clock;
  /** Where lines go; by default standard output. */
  readonly stream?: DestinationStream;
}

/**
 * Logs as JSON lines on standard output, or readable lines where that is a terminal.
 *
 * @param service such as `scc-worker`; stands in every line, with `instance`
 * The same warning or error is said at most ten times in ten seconds, and then how often it was not (`suppressed`).
 *
 * @param level 0 to 3
 */
export function createLogger(
  service: string,
  instance: string,
  level: number,
  { clock = systemClock, stream }: LogOptions = {},
): Logger {
  const options: LoggerOptions = {
    level: LEVELS[level] ?? "info",
    base: { service, instance },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  const log = pino(options, stream === undefined ? standardOutput() : rewritten(stream, visibleJson));
  const at =
    (name: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: Fields = {}): void =>
      log[name](plain(fields), message);
  return {
    debug: at("debug"),
    info: at("info"),
    warn: bounded(at("warn"), clock),
    error: bounded(at("error"), clock),
  };
}

function standardOutput(): DestinationStream {
  if (!process.stdout.isTTY) return rewritten(pino.destination({ sync: true }), visibleJson);
  return readable();
}

/**
 * Readable lines for a terminal. Fields hold what clients say: nothing of it must steer the terminal.
 *
 * @param destination default: standard output
 */
export function readable(destination: NodeJS.WritableStream | number = 1): DestinationStream {
  const messageFormat = "{service} {instance} {msg}";
  const lines = pretty({ sync: true, ignore: "service,instance", messageFormat, destination });
  return rewritten(lines, spelledOutJson);
}

function rewritten(stream: DestinationStream, rewrite: (line: string) => string): DestinationStream {
  return { write: (line) => stream.write(rewrite(line)) };
}

/** Troubles repeat themselves, and others can cause them: see `Repeats`. */
function bounded(say: Logger["warn"], clock: Clock): Logger["warn"] {
  const repeats = new Repeats(clock, (message, suppressed) => say(message, { suppressed }));
  return (message, fields) => {
    if (repeats.maySay(message)) say(message, fields);
  };
}

/** Expected failures are one line: of an error only its message goes out, unless it is a bug with a stack. */
function plain(fields: Fields): Record<string, unknown> {
  const { error, ...rest } = fields;
  return error instanceof Error ? { ...rest, error: describe(error) } : { ...fields };
}

/** One line that says what went wrong, for an error whose message may be empty (as of a refused connection). */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.message === "") return error.errors.map(describe).join("; ");
  return error.message || (error as NodeJS.ErrnoException).code || error.name;
}

/** For tests and for parts that nobody asked to speak. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

import { type DestinationStream, type LoggerOptions, pino, stdTimeFunctions } from "pino";
import pretty from "pino-pretty";

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

/**
 * Logs as JSON lines on standard output, or readable lines where that is a terminal.
 *
 * @param service such as `scc-worker`; stands in every line, with `instance`
 * @param level 0 to 3
 */
export function createLogger(service: string, instance: string, level: number): Logger {
  const options: LoggerOptions = {
    level: LEVELS[level] ?? "info",
    base: { service, instance },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  const destination: DestinationStream | undefined = process.stdout.isTTY
    ? pretty({ sync: true, ignore: "service,instance", messageFormat: "{service} {instance} {msg}" })
    : undefined;
  const log = destination ? pino(options, destination) : pino(options, pino.destination({ sync: true }));
  const at =
    (name: "debug" | "info" | "warn" | "error") =>
    (message: string, fields: Fields = {}): void =>
      log[name](plain(fields), message);
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
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

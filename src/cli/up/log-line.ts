import { visible } from "../../runtime/visible.ts";

/** A line of a service's log, as it is shown in a terminal. */
export interface LogLine {
  readonly level: string;
  readonly text: string;
}

/** What stands in front of the line, or is said otherwise. */
const FRAME = new Set(["level", "time", "service", "instance", "msg"]);
/** Levels that matter to somebody who only watches the table. */
const LOUD = new Set(["warn", "error", "fatal"]);

/**
 * Turns a JSON line of the log into a readable one: time, level, who, message, fields. A line that is none
 * (as a user's `console.log`) is shown as it is.
 *
 * @param name of the service, such as "scc-worker 8000", for lines that do not say it themselves
 */
export function readLogLine(name: string, line: string): LogLine {
  const entry = parse(line);
  if (entry === undefined) return { level: "text", text: `${name}: ${visible(line)}` };
  const { time, level, service, instance, msg } = entry;
  const fields = Object.entries(entry)
    .filter(([key]) => !FRAME.has(key))
    .map(([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("");
  const clock = String(time ?? "").slice(11, 19);
  const who = service === undefined || instance === undefined ? name : `${service} ${instance}`;
  return { level: String(level), text: visible(`${clock} ${level} ${who}: ${msg}${fields}`) };
}

/** Whether the line is shown without `--verbose`. What is not from the log is somebody's own message. */
export function isLoud({ level }: LogLine): boolean {
  return LOUD.has(level) || level === "text";
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === "object" && entry !== null && "msg" in entry ? { ...entry } : undefined;
  } catch {
    // Not JSON after all: the caller shows the line as it is.
    return undefined;
  }
}

import { appendFileSync, closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { ConfigError } from "../../../runtime/errors.ts";
import { RECORD, type RunRecord } from "./record.ts";

/**
 * Runs in a file, one JSON line for each, that only ever grows: what was run once need not be run again when a
 * long series was interrupted.
 */
export class ResultFile {
  readonly #file: string;
  readonly #records: RunRecord[];

  private constructor(file: string, records: RunRecord[]) {
    this.#file = file;
    this.#records = records;
  }

  /**
   * Opens it, or makes it. Lines that were cut off, as by a power failure, are passed over.
   *
   * @throws {ConfigError} if it cannot be written, or holds something else
   */
  static open(file: string): ResultFile {
    const text = contentsOf(file);
    const lines = text.split("\n");
    const records = lines.flatMap((line, index) => {
      const json = parse(line);
      if (json === undefined) return [];
      const parsed = RECORD.safeParse(json);
      if (parsed.success) return [parsed.data];
      throw new ConfigError([`--out ${file}: line ${index + 1} is no run of scc chaos`]);
    });
    // What was cut off must not take the next record with it.
    if (text !== "" && !text.endsWith("\n")) append(file, "\n");
    return new ResultFile(file, records);
  }

  get records(): readonly RunRecord[] {
    return this.#records;
  }

  /** @throws {ConfigError} if it cannot be written */
  add(record: RunRecord): void {
    append(this.#file, `${JSON.stringify(record)}\n`);
    this.#records.push(record);
  }
}

/** @returns undefined if it is no JSON: the beginning of an object never is */
function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function contentsOf(file: string): string {
  try {
    if (existsSync(file)) return readFileSync(file, "utf8");
    // Made now, so that no run is in vain because of a wrong name.
    closeSync(openSync(file, "a"));
    return "";
  } catch (error) {
    throw new ConfigError([`--out ${file}: ${(error as Error).message}`]);
  }
}

function append(file: string, text: string): void {
  try {
    appendFileSync(file, text);
  } catch (error) {
    throw new ConfigError([`--out ${file}: ${(error as Error).message}`]);
  }
}

import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Line, lineSchema } from "./lines.ts";

const ENDING = ".jsonl";

/** Results in a file, one JSON object per line, only ever added to. */
export class Store {
  /** Name of the file without its ending: the day on which it was begun. */
  readonly name: string;
  readonly #file: string;

  private constructor(folder: string, name: string) {
    this.name = name;
    this.#file = join(folder, `${name}${ENDING}`);
  }

  /**
   * The newest results of a folder, to be continued; new ones if there are none.
   *
   * @param afresh begin new ones in any case
   * @param day today, "2026-11-23"
   */
  static open(folder: string, afresh: boolean, day: string): Store {
    mkdirSync(folder, { recursive: true });
    const names = readdirSync(folder)
      .filter((file) => file.endsWith(ENDING))
      .map((file) => file.slice(0, -ENDING.length));
    const newest = names.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1);
    if (newest !== undefined && !afresh) return new Store(folder, newest);
    let name = day;
    for (let count = 2; names.includes(name); count++) name = `${day}-${count}`;
    return new Store(folder, name);
  }

  /**
   * Everything so far. A line that a crash has cut short is left out.
   *
   * @throws {Error} naming the line that is not one of ours
   */
  read(): Line[] {
    const texts = this.#text().split("\n");
    return texts.flatMap((text, index) => (text === "" ? [] : this.#parse(text, index + 1)));
  }

  add(line: Line): void {
    // What a crash has cut short must not run into what comes next.
    const cut = this.#text().slice(-1);
    appendFileSync(this.#file, `${cut === "" || cut === "\n" ? "" : "\n"}${JSON.stringify(line)}\n`);
  }

  #text(): string {
    return existsSync(this.#file) ? readFileSync(this.#file, "utf8") : "";
  }

  #parse(text: string, number: number): Line[] {
    const value = parsed(text);
    if (value === undefined) return [];
    const checked = lineSchema.safeParse(value);
    if (checked.success) return [checked.data];
    const [issue] = checked.error.issues;
    throw new Error(`${this.name}${ENDING}, line ${number}: ${issue?.path.join(".")}: ${issue?.message}`);
  }
}

/** Undefined if it is not JSON: it was cut short when it was written. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

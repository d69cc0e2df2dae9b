import { closeSync, openSync, writeSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

/** What is kept in memory of what a process said, characters. */
const KEPT = 16_384;

/** What a process says, both streams: the newest of it, and all of it in a file where one is wished for. */
export class Output {
  readonly #decoder = new StringDecoder("utf8");
  readonly #file: number | undefined;
  #text = "";
  #heard: () => void = () => {};

  /** @param file is added to */
  constructor(file: string | undefined) {
    this.#file = file === undefined ? undefined : openSync(file, "a");
  }

  /** The last lines. */
  tail(lines: number): string {
    return this.#text.trimEnd().split("\n").slice(-lines).join("\n");
  }

  /** Calls once a text has been said, also if that was before. Only one text at a time. */
  onceSaid(text: string, said: () => void): void {
    this.#heard = () => {
      if (!this.#text.includes(text)) return;
      this.#heard = () => {};
      said();
    };
    this.#heard();
  }

  /** A new process speaks: what the last one said is not its word. */
  clear(): void {
    this.#text = "";
  }

  add(bytes: Buffer): void {
    if (this.#file !== undefined) writeSync(this.#file, bytes);
    this.#text = (this.#text + this.#decoder.write(bytes)).slice(-KEPT);
    this.#heard();
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}

import { styleText } from "node:util";
import { visible } from "../../runtime/visible.ts";
import type { Finding } from "../../tools/doctor/finding.ts";

const WORDS = { ok: "ok", warning: "warning", failure: "FAILURE" } as const;
const COLOURS = { ok: "green", warning: "yellow", failure: "red" } as const;
const WORD_WIDTH = 9;
const SUBJECT_WIDTH = 30;

/** What was found, as lines: on a terminal in columns and colours, elsewhere one line for each with nothing else. */
export class DoctorView {
  readonly #isTerminal: boolean;
  readonly #colours: boolean;

  constructor({ isTerminal, colours }: { readonly isTerminal: boolean; readonly colours: boolean }) {
    this.#isTerminal = isTerminal;
    this.#colours = colours;
  }

  finding({ status, ...said }: Finding): string {
    // Much of it was said by others.
    const [subject, text] = [visible(said.subject), visible(said.text)];
    const remedy = said.remedy === undefined ? undefined : visible(said.remedy);
    if (!this.#isTerminal) {
      const what = `${WORDS[status]}: ${subject}: ${text}`;
      return remedy === undefined ? `${what}\n` : `${what}; remedy: ${remedy}\n`;
    }
    const word = this.#coloured(COLOURS[status], WORDS[status].padEnd(WORD_WIDTH));
    const line = `${word}${subject.padEnd(SUBJECT_WIDTH)} ${text}\n`;
    if (remedy === undefined) return line;
    return `${line}${" ".repeat(WORD_WIDTH + SUBJECT_WIDTH + 1)}${this.#coloured("gray", `-> ${remedy}`)}\n`;
  }

  summary(findings: readonly Finding[]): string {
    const count = (status: Finding["status"]): number =>
      findings.filter((finding) => finding.status === status).length;
    const text = `${count("ok")} ok, ${count("warning")} warnings, ${count("failure")} failures`;
    return this.#isTerminal ? `\n${text}\n` : `${text}\n`;
  }

  #coloured(colour: "green" | "yellow" | "red" | "gray", text: string): string {
    return this.#colours ? styleText(colour, text, { validateStream: false }) : text;
  }
}

import { styleText } from "node:util";
import { isFaultless, type Measured } from "./measured.ts";
import { describe, rowsOf, titleOf } from "./rows.ts";

/** A run as lines for people, the last one without an end. */
export function toText(measured: Measured, colours: boolean): string {
  const rows = rowsOf(measured);
  const width = Math.max(...rows.map(({ label }) => label.length));
  const paint = (colour: "red" | "green" | "bold" | "gray", text: string): string =>
    // The decision is the caller's; styleText would look at the stream of its own choice.
    colours ? styleText(colour, text, { validateStream: false }) : text;
  const lines = rows.map(({ label, value, isFault = false }) => {
    const line = `  ${label.padEnd(width)}  ${value}`;
    return isFault ? paint("red", line) : line;
  });
  const verdict = isFaultless(measured)
    ? paint("green", "Everybody was there, and nothing was lost, repeated, reordered or changed.")
    : paint("red", "Not everything was as it should be: see above.");
  const ending = measured.stopped ? "Stopped early: this is what there was until then." : verdict;
  return [
    paint("bold", titleOf(measured)),
    paint("gray", describe(measured.plan)),
    "",
    ...lines,
    "",
    ending,
  ].join("\n");
}

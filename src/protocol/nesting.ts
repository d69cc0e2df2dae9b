/** Levels of arrays and objects within each other that a message may have; what applications send has a few. */
export const MAX_NESTING = 1_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
/** `[` and `{`, `]` and `}` differ in this bit alone. */
const BRACE_BIT = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/**
 * Whether a JSON text has more levels of arrays and objects than it may, found before anything is parsed: to parse
 * 1 MiB of `[[[...` takes 0.1 s, and to write it again is impossible. It takes 1 to 3 ms per MiB, and nothing for
 * a text that is too short to have so many. Of what is no JSON it says something; whoever parses it finds that out.
 */
export function isNestedDeeperThan(levels: number, json: Uint8Array): boolean {
  // Each level takes an opening and a closing byte.
  if (json.length <= 2 * levels) return false;
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] as number;
    if (byte === QUOTE) at = endOfText(json, at + 1);
    else if ((byte | BRACE_BIT) === OPENING) {
      depth += 1;
      if (depth > levels) return true;
    } else if ((byte | BRACE_BIT) === CLOSING) depth -= 1;
  }
  return false;
}

/** The same for the entries of its outermost array, each of which would become an object of its own. */
export function hasMoreEntriesThan(most: number, json: Uint8Array): boolean {
  // Each entry takes a byte and a comma or bracket.
  if (json.length <= 2 * most) return false;
  let depth = 0;
  let entries = 1;
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] as number;
    if (byte === QUOTE) at = endOfText(json, at + 1);
    else if ((byte | BRACE_BIT) === OPENING) depth += 1;
    else if ((byte | BRACE_BIT) === CLOSING) depth -= 1;
    else if (byte === COMMA && depth === 1) entries += 1;
    if (entries > most) return true;
  }
  return false;
}

/** Where the quote stands that ends a text, or the end of all. */
function endOfText(json: Uint8Array, start: number): number {
  let at = start;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** Levels of arrays and objects within each other that a message may have; what applications send has a few. */
export const MAX_NESTING = 1_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
/** `[` and `{`, `]` and `}` differ in this bit alone. */
const BRACE_BIT = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;
const BRACKET = 0x5b;
/** Brackets that are looked for one by one, which is fastest where they are few, as in long texts. */
const MAX_HOPS = 24;
/** Bytes of a text that are looked at one by one, before its end is searched for. */
const MAX_STEPS = 32;

/**
 * Whether a JSON text has more levels of arrays and objects than it may, found before anything is parsed: to parse
 * 1 MiB of `[[[...` takes 0.1 s, and to write it again is impossible. It takes 1 to 3 ms per MiB, less where
 * there is more text than structure, and nothing for what is too short to have so many levels. Of what is no JSON it says
 * something; whoever parses it finds that out.
 */
export function isNestedDeeperThan(levels: number, json: Buffer): boolean {
  // Each level takes an opening and a closing byte.
  if (json.length <= 2 * levels || (levels >= MAX_HOPS && hasFewBrackets(json))) return false;
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
export function hasMoreEntriesThan(most: number, json: Buffer): boolean {
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

function hasFewBrackets(json: Buffer): boolean {
  let hops = 0;
  for (let at = json.indexOf(OPENING); at >= 0; at = json.indexOf(OPENING, at + 1)) {
    hops += 1;
    if (hops > MAX_HOPS) return false;
  }
  for (let at = json.indexOf(BRACKET); at >= 0; at = json.indexOf(BRACKET, at + 1)) {
    hops += 1;
    if (hops > MAX_HOPS) return false;
  }
  return true;
}

/** Where the quote stands that ends a text, or the end of all. */
function endOfText(json: Buffer, start: number): number {
  let at = start;
  const near = Math.min(json.length, start + MAX_STEPS);
  while (at < near && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at < near || at >= json.length ? at : endOfLongText(json, at);
}

/** @param start is not behind a backslash that belongs to it */
function endOfLongText(json: Buffer, start: number): number {
  for (let at = json.indexOf(QUOTE, start); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (at - backslashes > start && json[at - backslashes - 1] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return json.length;
}

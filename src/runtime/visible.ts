/**
 * What a terminal or a reader's eye may be misled by, besides the control characters of ASCII: those of C1 (some
 * terminals take them for escape sequences), marks that turn the direction of writing, line ends of Unicode, and
 * halves of pairs.
 */
const BEYOND_ASCII =
  "\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff\\ud800-\\udfff";
const STEERING = new RegExp(`[\\u0000-\\u0008\\u000a-\\u001f${BEYOND_ASCII}]`, "gu");
const STEERING_IN_JSON = new RegExp(`[${BEYOND_ASCII}]`, "gu");
/** What is escaped in a text of JSON; an escaped backslash or quote is one match, so that none begins within it. */
const ESCAPE_IN_JSON = /\\(u[0-9a-f]{4}|.)/gi;

/** A text of others as one line in which nothing steers a terminal or hides what stands there. Tabs stay. */
export function visible(text: string): string {
  return text.replace(STEERING, (one) => (one === "\n" ? "\\n" : one === "\r" ? "\\r" : escaped(one)));
}

/** As `visible`, line by line. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}

/** JSON text of the same meaning, in which nothing steers a terminal: JSON itself escapes the rest. */
export function visibleJson(json: string): string {
  return json.replace(STEERING_IN_JSON, escaped);
}

/**
 * JSON text whose texts say in plain characters what was escaped or steers a terminal (`\n` is a backslash and an n),
 * for whoever prints them as they are.
 */
export function spelledOutJson(json: string): string {
  const spelled = json.replace(ESCAPE_IN_JSON, (whole, what: string) =>
    ["\\", '"', "/"].includes(what) ? whole : `\\${whole}`,
  );
  return spelled.replace(STEERING_IN_JSON, (one) => `\\${escaped(one)}`);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

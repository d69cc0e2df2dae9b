import { ClientError } from "../client/client-error.ts";

/** Longer lines are no messages, characters. */
export const MAX_LINE = 16 * 2 ** 20;

/**
 * The lines of a stream of text, without their ends; the last one needs none. Holds one line at most.
 *
 * @throws {ClientError} if a line is longer than `most` characters
 */
export async function* linesOf(
  chunks: AsyncIterable<string>,
  most: number = MAX_LINE,
): AsyncGenerator<string, void, undefined> {
  let parts: string[] = [];
  let length = 0;
  let number = 1;
  for await (const chunk of chunks) {
    const pieces = chunk.split("\n");
    const last = pieces.pop() ?? "";
    for (const piece of pieces) {
      yield withoutReturn(parts.join("") + piece);
      parts = [];
      length = 0;
      number += 1;
    }
    parts.push(last);
    length += last.length;
    if (length > most)
      throw new ClientError(`Cannot read line ${number}: it is longer than ${most} characters`);
  }
  if (length > 0) yield withoutReturn(parts.join(""));
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

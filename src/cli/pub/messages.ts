import { ConfigError } from "../../runtime/errors.ts";
import { describe } from "../../runtime/log.ts";
import { ClientError } from "../client/client-error.ts";
import { linesOf } from "./lines.ts";

/** Something to publish, and where it was read. */
export interface Message {
  readonly data: unknown;
  /** "line 3", "the message". */
  readonly where: string;
}

/**
 * The message of the command line, again and again.
 *
 * @throws {ConfigError} if it is to be JSON and is not
 */
export function repeated(text: string, isText: boolean): AsyncIterable<Message> {
  const data = isText ? text : parsed(text, (reason) => new ConfigError([NO_JSON("the message", reason)]));
  return again({ data, where: "the message" });
}

async function* again(message: Message): AsyncGenerator<Message, void, undefined> {
  for (;;) yield message;
}

/** Each line is a message. As JSON, lines with nothing on them are none. */
export async function* eachLine(
  chunks: AsyncIterable<string>,
  isText: boolean,
): AsyncGenerator<Message, void, undefined> {
  let number = 0;
  for await (const line of linesOf(chunks)) {
    number += 1;
    const where = `line ${number}`;
    if (isText) yield { data: line, where };
    else if (line.trim() !== "")
      yield { data: parsed(line, (reason) => new ClientError(NO_JSON(where, reason))), where };
  }
}

const NO_JSON = (where: string, reason: string): string =>
  `${where} is no JSON: ${reason}; quote a text ('"hello"'), or give --text`;

function parsed(text: string, problem: (reason: string) => Error): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw problem(describe(error));
  }
}

import { ConfigError } from "../../runtime/errors.ts";
import { visible } from "../../runtime/visible.ts";
import { type Env, readSecret } from "../client/flags.ts";
import { json, type Output } from "../client/output.ts";
import { keysOf, NO_KEY } from "./keys.ts";
import { type Inspected, inspectToken, makeToken } from "./token.ts";

/** Longer texts on standard input are no tokens, characters. */
const MAX_INPUT = 2 ** 20;

export interface MakeFlags {
  readonly authKeyFile?: string;
  /** Seconds; 0: for ever. */
  readonly expiresIn: number;
  readonly algorithm?: string;
}

export interface TokenWorld {
  readonly env: Env;
  readonly stdin: AsyncIterable<string>;
  readonly output: Output;
}

/**
 * Prints a token. @param text the payload, a JSON object; "-": standard input holds it
 *
 * @throws {ConfigError} without a key, or if the payload is none
 * @throws {TokenError} if it cannot be signed
 */
export async function runMake(
  text: string,
  flags: MakeFlags,
  { env, stdin, output }: TokenWorld,
): Promise<void> {
  const keys = keysOf(flags.authKeyFile, env);
  if (keys.signing === undefined) throw new ConfigError([NO_KEY]);
  const payload = payloadOf(text === "-" ? await all(stdin) : text);
  const expiresIn = flags.expiresIn === 0 || "exp" in payload ? undefined : flags.expiresIn;
  const algorithm = flags.algorithm ?? keys.algorithm;
  output.line(await makeToken({ payload, expiresIn, algorithm }, keys.signing));
}

function payloadOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const payload: unknown = JSON.parse(text);
    if (typeof payload === "object" && payload !== null && !Array.isArray(payload)) return { ...payload };
  } catch {
    // Said below, for what is JSON and no object too.
  }
  throw new ConfigError([`the payload must be a JSON object, such as '{"username":"ann"}'`]);
}

export interface InspectFlags {
  readonly authKeyFile?: string;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

/**
 * Prints what a token says: that of --token-file, SCC_TOKEN or standard input.
 *
 * @returns whether it is good, as far as can be known
 * @throws {TokenError} if it is no token at all
 */
export async function runInspect(flags: InspectFlags, { env, stdin, output }: TokenWorld): Promise<boolean> {
  const given = readSecret("--token-file", flags.tokenFile) ?? (env.SCC_TOKEN || undefined);
  const inspected = await inspectToken((given ?? (await all(stdin))).trim(), keysOf(flags.authKeyFile, env));
  if (flags.json) output.line(json(inspected));
  else for (const line of linesOf(inspected)) output.line(visible(line));
  return inspected.valid !== false;
}

function linesOf({ header, payload, valid, problem, ...times }: Inspected): string[] {
  const verdict =
    valid === undefined
      ? "not checked: no key was given"
      : valid
        ? "yes"
        : `no: ${problem ?? "for an unknown reason"}`;
  return [
    `header      ${json(header)}`,
    `payload     ${json(payload)}`,
    ...(times.issuedAt ? [`issued      ${times.issuedAt}`] : []),
    ...(times.notBefore ? [`not before  ${times.notBefore}`] : []),
    `expires     ${times.expiresAt ?? "never"}`,
    `valid       ${verdict}`,
  ];
}

async function all(chunks: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const chunk of chunks) {
    text += chunk;
    if (text.length > MAX_INPUT)
      throw new ConfigError(["what stands on standard input is too long for a token"]);
  }
  return text;
}

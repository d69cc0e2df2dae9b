import AuthEngine from "ag-auth";
import type { Secrets } from "./flags.ts";

const EXPIRES_IN_S = 86_400;
const SIGNED_TOGETHER = 1000;

/**
 * What each of so many connections shows: a token of its own if there is a key, else the given one; undefined
 * where there is neither. Signed beforehand, so that it takes no time of the load.
 */
export async function tokensFor(
  connections: number,
  { authKey, token }: Secrets,
): Promise<((connection: number) => string) | undefined> {
  if (token !== undefined) return () => token;
  if (authKey === undefined) return undefined;
  const engine = new AuthEngine();
  const tokens: string[] = [];
  while (tokens.length < connections) {
    const wanted = Math.min(SIGNED_TOGETHER, connections - tokens.length);
    const sign = (_: unknown, index: number): Promise<string> =>
      engine.signToken({ username: `bench-${tokens.length + index}` }, authKey, { expiresIn: EXPIRES_IN_S });
    tokens.push(...(await Promise.all(Array.from({ length: wanted }, sign))));
  }
  return (connection) => tokens[connection] ?? "";
}

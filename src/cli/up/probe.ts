import { ask, hostInUrl } from "../ask.ts";
import { NO_ANSWER } from "./life.ts";
import type { ServicePlan } from "./plan.ts";

/**
 * Asks a service whether it is ready. Never rejects: no answer is an answer too.
 *
 * @returns undefined when it is, else why not
 */
export async function probe({ address, port, secure }: ServicePlan): Promise<string | undefined> {
  const answer = await ask(new URL(`${secure ? "https" : "http"}://${hostInUrl(address)}:${port}/readyz`));
  if (answer === undefined) return NO_ANSWER;
  return answer.ok ? undefined : answer.text;
}

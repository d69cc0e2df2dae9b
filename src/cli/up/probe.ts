import { get } from "node:http";
import { get as getSecurely } from "node:https";
import { NO_ANSWER } from "./life.ts";
import type { ServicePlan } from "./plan.ts";

const ANSWER_WITHIN_MS = 2000;
const LONGEST_REASON = 200;

/**
 * Asks a service whether it is ready. Never rejects: no answer is an answer too.
 *
 * @returns undefined when it is, else why not
 */
export function probe({ address, port, secure }: ServicePlan): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = (secure ? getSecurely : get)(
      {
        host: address,
        port,
        path: "/readyz",
        // A kept connection would hold the service open when it wants to end.
        agent: false,
        timeout: ANSWER_WITHIN_MS,
        // The certificate names the service as others reach it; here nothing is said that must stay secret.
        rejectUnauthorized: false,
      },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          if (body.length < LONGEST_REASON) body += chunk;
        });
        response.on("error", () => resolve(NO_ANSWER));
        response.on("end", () => {
          resolve(response.statusCode === 200 ? undefined : body.trim().slice(0, LONGEST_REASON));
        });
      },
    );
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(NO_ANSWER));
  });
}

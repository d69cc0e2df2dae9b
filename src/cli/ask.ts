import { get } from "node:http";
import { get as getSecurely } from "node:https";

const ANSWER_WITHIN_MS = 2000;
const LONGEST_TEXT = 200;

export interface Answer {
  readonly ok: boolean;
  /** What it says, without line ends, 200 characters at most. */
  readonly text: string;
}

/**
 * Asks a service's probe. Never rejects.
 *
 * @returns undefined when nothing answers within 2 s
 */
export function ask(url: URL): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const request = (url.protocol === "https:" ? getSecurely : get)(
      url,
      {
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
          if (body.length < LONGEST_TEXT) body += chunk;
        });
        response.on("error", () => resolve(undefined));
        response.on("end", () => {
          resolve({ ok: response.statusCode === 200, text: body.trim().slice(0, LONGEST_TEXT) });
        });
      },
    );
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
  });
}

/** A host as it stands in a URL: IPv6 in brackets. */
export function hostInUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

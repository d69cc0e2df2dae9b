import { get } from "node:http";
import { get as getTls } from "node:https";
import type { Credentials } from "../../runtime/tls/certificates.ts";
import { tlsAdvice } from "../../runtime/tls/tls-advice.ts";

const MOST_TEXT = 1000;

export interface Answer {
  readonly status: number;
  /** The beginning of it. */
  readonly text: string;
  /** What the answering machine's clock said, ms since 1970, to the second; undefined if it does not say. */
  readonly date: number | undefined;
}

/** There is no answer: why, and perhaps what to do about it. */
export interface Silence {
  readonly reason: string;
  readonly remedy: string | undefined;
}

export interface AskOptions {
  readonly credentials: Credentials;
  readonly timeoutMs: number;
}

/**
 * Asks a process for a path, such as `/readyz`, and shows it no key. Never rejects.
 *
 * @param uri as members know it, such as `ws://10.0.0.3:8888`
 */
export function ask(uri: string, path: string, options: AskOptions): Promise<Answer | Silence> {
  const { credentials, timeoutMs } = options;
  const isSecure = uri.startsWith("wss:");
  return new Promise((resolve) => {
    const call = (isSecure ? getTls : get)(
      `${uri.replace(/^ws/, "http")}${path}`,
      { agent: false, signal: AbortSignal.timeout(timeoutMs), ...(isSecure ? credentials : {}) },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          if (text.length < MOST_TEXT) text += chunk;
        });
        response.on("error", ({ message }) => resolve({ reason: message, remedy: undefined }));
        response.on("end", () => {
          const date = Date.parse(response.headers.date ?? "");
          resolve({
            status: response.statusCode ?? 0,
            text: text.trim().slice(0, MOST_TEXT),
            date: Number.isNaN(date) ? undefined : date,
          });
        });
      },
    );
    call.on("error", (error: NodeJS.ErrnoException) => resolve(silenceOf(error, isSecure, timeoutMs)));
  });
}

export function isSilence(answer: Answer | Silence): answer is Silence {
  return "reason" in answer;
}

function silenceOf(error: NodeJS.ErrnoException, isSecure: boolean, timeoutMs: number): Silence {
  if (error.name === "AbortError" || error.name === "TimeoutError")
    return {
      reason: `no answer within ${timeoutMs} ms`,
      remedy: "look for a firewall, a NetworkPolicy or a wrong address (SCC_INSTANCE_IP) on the way",
    };
  if (error.code === "ECONNREFUSED")
    return {
      reason: "nobody listens there",
      remedy:
        "see that it runs, and that port and address are those it announces (SCC_INSTANCE_IP, SCC_INSTANCE_PORT)",
    };
  return { reason: error.message || String(error.code), remedy: tlsAdvice(error.code, isSecure) };
}

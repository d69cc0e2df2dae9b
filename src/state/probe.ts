import { get } from "node:http";
import { get as getTls } from "node:https";
import { RegistrationError } from "../cluster/address.ts";
import { IDENTITY_PATH } from "../link/accept.ts";
import type { Credentials } from "../runtime/certificates.ts";
import { tlsAdvice } from "../runtime/tls-advice.ts";

const PROBE_TIMEOUT_MS = 3000;
const MAX_ANSWER = 1000;

export interface ProbeOptions {
  readonly authKey: string | undefined;
  /** What is shown and trusted where TLS is spoken. */
  readonly credentials: Credentials;
}

/** Nobody listens at an address. */
export class NobodyThereError extends RegistrationError {}

/**
 * Asks the broker at a URI which instance it is.
 *
 * @throws {NobodyThereError} if the connection is refused
 * @throws {RegistrationError} if there is no answer in time, or not one of a broker
 */
export function probe(uri: string, options: ProbeOptions): Promise<string> {
  const url = `${uri.replace(/^ws/, "http")}${IDENTITY_PATH}`;
  const headers = options.authKey === undefined ? {} : { authorization: `Bearer ${options.authKey}` };
  const request = url.startsWith("https:") ? getTls : get;
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void =>
      reject(new RegistrationError(`Cannot register ${uri}: nobody answers there as a broker (${reason})`));
    const call = request(
      url,
      { headers, timeout: PROBE_TIMEOUT_MS, ...options.credentials, agent: false },
      (response) => {
        let answer = "";
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          answer += text;
          if (answer.length > MAX_ANSWER) call.destroy(new Error("the answer is too long"));
        });
        response.on("close", () => fail("the answer was cut short"));
        response.on("end", () =>
          response.statusCode === 200 ? resolve(answer) : fail(`${response.statusCode} ${answer.trim()}`),
        );
      },
    );
    call.on("timeout", () => call.destroy(new Error("no answer in time")));
    call.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNREFUSED")
        reject(new NobodyThereError(`Cannot register ${uri}: nobody listens there`));
      else {
        const advice = tlsAdvice(error.code, url.startsWith("https:"));
        fail(advice === undefined ? error.message : `${error.message}; ${advice}`);
      }
    });
  });
}
